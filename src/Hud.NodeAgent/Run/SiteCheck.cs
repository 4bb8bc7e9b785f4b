using System.Buffers.Binary;
using Hud.Elf;
using Hud.NodeAgent.Proc;
using Hud.Tokio;

namespace Hud.NodeAgent.Run;

/// <summary>
/// Before and after breakpoints are put on: is everything as it was when the places for them were chosen? The process, the file
/// (by a look of its own, because an overlay's file can become another one behind an open handle), the bytes in the file, and the bytes
/// in the memory of every process that the breakpoints reach: a process may have changed its private copy of the code.
/// </summary>
internal static class SiteCheck
{
    private const byte Breakpoint = 0xcc;
    private const long FindWithinNs = 5_000_000_000;

    /// <summary>What is not as it was, as the end of a sentence; null when all is.</summary>
    /// <param name="everywhere">the breakpoints reach every process that runs the file</param>
    public static string? Difference(int pid, TokioFile file, IReadOnlyList<IProbedCode> sites, bool everywhere)
    {
        if (!FileByteSource.TryOpen(file.OpenPath, out var now, out string error))
            return $"{file.Name} can no longer be opened: {error}";
        using (now)
        {
            if (now.Facts != file.Source.Facts)
                return $"{file.Name} was written to meanwhile";
            Span<byte> code = stackalloc byte[ProbeSite.CodeBytes];
            foreach (var site in sites)
            {
                var bytes = code[..site.Code.Length];
                if (!now.TryReadExactly((long)site.FileOffset, bytes) || !bytes.SequenceEqual(site.Code))
                    return $"the code of {site.Name} in {file.Name} is not what it was";
            }
        }

        var own = TargetFiles.ReadMaps(pid).Mappings.ToArray();
        var known = own.FirstOrDefault(m =>
            m.Executable && m.IsFile && sites.Any(s => Covers(m, s)) && FileSharers.IsFile(pid, m, file.Source)
        );
        if (known is null)
            return null; // no longer mapped: no breakpoint is placed
        var reached = everywhere
            ? FileSharers.Find(file.Source, known, AgentClock.NowNs + FindWithinNs)
            : [new FileSharer(pid, [.. own.Where(m => m.Executable && m.IsFile && m.Inode == known.Inode)])];
        if (reached is null)
            return $"the processes that run {file.Name} could not be looked at in time";
        foreach (var sharer in reached)
        {
            if (Differs(sharer, sites) is { } site)
                return sharer.Pid == pid
                    ? $"it has changed the code of {site.Name} in its memory"
                    : $"another process that runs {file.Name} has changed the code of {site.Name} in its memory, and this kernel's probes reach it, too";
        }

        return null;
    }

    private static bool Covers(Mapping mapping, IProbedCode site) =>
        site.FileOffset - mapping.FileOffset < mapping.Length;

    private static IProbedCode? Differs(FileSharer sharer, IReadOnlyList<IProbedCode> sites)
    {
        using var memory = new TargetMemory(sharer.Pid);
        Span<byte> bytes = stackalloc byte[ProbeSite.CodeBytes];
        foreach (var mapping in sharer.Mappings)
        {
            foreach (var site in sites)
            {
                if (!Covers(mapping, site))
                    continue;
                ulong address = mapping.Start + (site.FileOffset - mapping.FileOffset);
                int want = (int)Math.Min((ulong)site.Code.Length, mapping.End - address);
                int read = memory.Read(address, bytes[..want]);
                if (read > 0 && !IsCode(bytes[..read], site.Code))
                    return site;
            }
        }

        return null;
    }

    /// <summary>The bytes as they were, but for breakpoints: ours, those of another profiler or a debugger's.</summary>
    internal static bool IsCode(ReadOnlySpan<byte> memory, ReadOnlySpan<byte> code) =>
        TargetInspector.NativeMachine == ElfMachine.AArch64 ? IsArmCode(memory, code) : IsX64Code(memory, code);

    private static bool IsX64Code(ReadOnlySpan<byte> memory, ReadOnlySpan<byte> code)
    {
        for (int i = 0; i < memory.Length; i++)
        {
            if (memory[i] != code[i] && memory[i] != Breakpoint)
                return false;
        }

        return true;
    }

    /// <summary>A breakpoint is a word of its own: brk #imm16.</summary>
    private static bool IsArmCode(ReadOnlySpan<byte> memory, ReadOnlySpan<byte> code)
    {
        for (int i = 0; i + 4 <= memory.Length; i += 4)
        {
            uint word = BinaryPrimitives.ReadUInt32LittleEndian(memory[i..]);
            if (word != BinaryPrimitives.ReadUInt32LittleEndian(code[i..]) && (word & 0xffe0001f) != 0xd4200000)
                return false;
        }

        return true;
    }
}
