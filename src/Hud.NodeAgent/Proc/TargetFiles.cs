using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Hud.Elf;
using Hud.NodeAgent.Interop;
using Hud.Unwinding;

namespace Hud.NodeAgent.Proc;

/// <summary>
/// The files behind one process's mappings, opened through map_files: the exact inode, deleted or replaced as it may be. The
/// agent's own mount namespace is never trusted. Tables are made on threads of their own: a file that never ends, or never answers, costs
/// the names of its functions and not the thread that keeps the probes within their budget.
/// </summary>
internal sealed class TargetFiles(UnwindTableCache tables, ReadBudget? budget = null)
{
    /// <summary>How long a stack waits for tables, and all stacks together: a stack without them is cut short.</summary>
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(2),
        MaxWaits = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<(uint, uint, ulong), ElfFile?> _files = new();
    private readonly Dictionary<(uint, uint, ulong), Task<Loaded?>> _loading = [];
    private TimeSpan _waited;

    private sealed record Loaded(ElfFile Elf, UnwindTable Table);

    public ReadBudget? Budget => budget;

    public static AddressSpaceMap ReadMaps(int pid) =>
        ProcFs.TryReadBytes($"/proc/{pid}/maps", out byte[]? text)
            ? new AddressSpaceMap(MapsParser.Parse(text).Mappings)
            : AddressSpaceMap.Empty;

    public ElfFile? Open(int pid, Mapping mapping)
    {
        if (_files.TryGetValue(KeyOf(mapping), out var known))
            return known;
        TryOpen(pid, mapping, out _, out var elf, budget);
        return _files[KeyOf(mapping)] = elf;
    }

    private static (uint, uint, ulong) KeyOf(Mapping mapping) => (mapping.DevMajor, mapping.DevMinor, mapping.Inode);

    /// <summary>Opens a mapping's file for the caller alone, who closes it.</summary>
    public static bool TryOpen(
        int pid,
        Mapping mapping,
        [NotNullWhen(true)] out FileByteSource? source,
        [NotNullWhen(true)] out ElfFile? elf,
        ReadBudget? budget = null
    )
    {
        elf = null;
        if (!TryOpenSource(pid, mapping, out source, budget))
            return false;
        if (ElfFile.TryOpen(source, out elf, out _))
            return true;
        source.Dispose();
        source = null;
        return false;
    }

    /// <summary>Without the right to map_files (CAP_CHECKPOINT_RESTORE) by the name that the process knows it by, below its root.</summary>
    private static bool TryOpenSource(
        int pid,
        Mapping mapping,
        [NotNullWhen(true)] out FileByteSource? source,
        ReadBudget? budget
    )
    {
        if (FileByteSource.TryOpen($"/proc/{pid}/map_files/{mapping.MapFilesName}", out source, out _, budget))
            return true;
        if (!mapping.Path.StartsWith('/') || mapping.Deleted)
            return false;
        using var root = RootedFolder.TryOpen($"/proc/{pid}/root");
        return root is not null && root.TryOpen(mapping.Path, out source, out _, budget);
    }

    /// <summary>For the unwinder: loads modules when they are first met.</summary>
    public ModuleMap Modules(int pid, AddressSpaceMap space) =>
        new(space, mapping => Load(pid, mapping), mapping => !mapping.IsVdso && IsPending(mapping));

    private bool IsPending(Mapping mapping) => _loading.TryGetValue(KeyOf(mapping), out var task) && !task.IsCompleted;

    /// <summary>Makes the tables of a file before they are needed, on this thread.</summary>
    public void Prepare(int pid, Mapping mapping)
    {
        if (!_loading.ContainsKey(KeyOf(mapping)))
            _loading[KeyOf(mapping)] = Task.FromResult(Make(pid, mapping));
    }

    private Loaded? Make(int pid, Mapping mapping) =>
        Open(pid, mapping) is { } elf ? new Loaded(elf, tables.Of(elf)) : null;

    private Module? Load(int pid, Mapping mapping)
    {
        if (mapping.IsVdso)
            return
                TryReadMemory(pid, mapping.Start, (int)Math.Min(mapping.Length, 1 << 16), out byte[]? image)
                && ElfFile.TryOpen(new MemoryByteSource(image), out var vdso, out _)
                ? Module.From(mapping, vdso, UnwindTable.Build(vdso))
                : null;
        if (!_loading.TryGetValue(KeyOf(mapping), out var making))
        {
            _loading[KeyOf(mapping)] = making = Task.Factory.StartNew(
                () => Make(pid, mapping),
                CancellationToken.None,
                TaskCreationOptions.LongRunning, // a thread of its own, which may never come back
                TaskScheduler.Default
            );
            Wait(making);
        }

        return making is { IsCompletedSuccessfully: true, Result: { } loaded }
            ? Module.From(mapping, loaded.Elf, loaded.Table)
            : null;
    }

    private void Wait(Task making)
    {
        if (_waited >= MaxWaits)
            return;
        long from = TimeProvider.System.GetTimestamp();
        try
        {
            making.Wait(MaxWait);
        }
        catch (AggregateException)
        {
            // a table that cannot be made is none: its stacks are cut short there, and counted as such
        }

        _waited += TimeProvider.System.GetElapsedTime(from);
    }

    public static bool TryReadMemory(int pid, ulong address, int length, [NotNullWhen(true)] out byte[]? bytes)
    {
        using var memory = new TargetMemory(pid);
        byte[] buffer = new byte[length];
        int read = memory.Read(address, buffer);
        bytes = read > 0 ? buffer[..read] : null;
        return bytes is not null;
    }
}
