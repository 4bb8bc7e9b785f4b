using System.Diagnostics;
using Hud.Elf;
using Hud.NodeAgent.Interop;
using Hud.Tokio;
using Microsoft.Win32.SafeHandles;

namespace Hud.NodeAgent.Run;

/// <summary>The child that is probed instead of the target: what a hit costs, and whether seccomp survives one.</summary>
internal sealed class SelfTestChild : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly TimeSpan _patience;

    /// <summary>It did not answer in time. A later line would be the answer to an earlier question, so it is not asked again.</summary>
    private bool _silent;

    /// <summary>Asks the child for the function whose polls are left out.</summary>
    private const byte LeftOut = 0x80;

    private SelfTestChild(Process process, Functions functions, TimeSpan patience)
    {
        _process = process;
        _patience = patience;
        (Offset, SkipOffset, OvertakenOffset) = functions;
    }

    /// <summary>File offsets of the functions that are probed.</summary>
    private sealed record Functions(ulong Probe, ulong Skip, ulong Overtaken);

    public int Pid => _process.Id;

    public string Path => PathOf(Program.Value.File!);

    /// <summary>The probed function as a place that wakes pass: it is given what looks like a task's header.</summary>
    public static WakeSite Wake { get; } = new(0, 0, new HeaderPlace(ArgumentRegister), Schedule: 0);

    /// <summary><c>ID</c> of native/selftest.c</summary>
    public const uint TaskIdOffset = 5 * 8;

    private const int ArgumentRegister = 5; // %rdi; on arm64 the first argument is taken whatever the number

    /// <summary>File offset of the probed function.</summary>
    public ulong Offset { get; }

    /// <summary>File offset of the function that gets the probe of polls that are left out.</summary>
    public ulong SkipOffset { get; }

    /// <summary>File offset of the function that calls the probed one, of the mode "overtaken".</summary>
    public ulong OvertakenOffset { get; }

    /// <summary>
    /// The program comes inside the agent and runs from memory: an agent's pod has a read-only disk, and a copied agent is whole.
    /// The file lives as long as the agent.
    /// </summary>
    private static readonly Lazy<(SafeFileHandle? File, Functions? Functions)> Program = new(Unpack);

    /// <summary>Null when programs may not run from memory here (<c>vm.memfd_noexec</c>).</summary>
    /// <param name="patience">How long an answer may take.</param>
    public static SelfTestChild? Start(string mode, TimeSpan? patience = null)
    {
        if (Program.Value is not ({ } file, { } functions))
            return null;
        var process = Process.Start(
            new ProcessStartInfo(PathOf(file), [mode])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        );
        return process is null ? null : new SelfTestChild(process, functions, patience ?? Patience);
    }

    private static string PathOf(SafeFileHandle file) =>
        $"/proc/{Environment.ProcessId}/fd/{file.DangerousGetHandle()}";

    private static (SafeFileHandle? File, Functions? Functions) Unpack()
    {
        using var program = typeof(SelfTestChild).Assembly.GetManifestResourceStream("hud-selftest")!;
        int descriptor = Libc.MemoryFile("hud-selftest");
        if (descriptor < 0)
            return (null, null);
        var file = new SafeFileHandle(descriptor, ownsHandle: true);
        byte[] bytes = new byte[program.Length];
        program.ReadExactly(bytes);
        RandomAccess.Write(file, bytes, 0);
        if (!FileByteSource.TryOpen(PathOf(file), out var source, out _))
            return (null, null);
        using (source)
            return
                ElfFile.TryOpen(source, out var elf, out _)
                && OffsetOf(elf, "hud_selftest_probe") is { } probe
                && OffsetOf(elf, "hud_selftest_skip") is { } skip
                && OffsetOf(elf, "hud_selftest_overtaken") is { } overtaken
                ? (file, new Functions(probe, skip, overtaken))
                : (null, null);
    }

    private static ulong? OffsetOf(ElfFile elf, string name)
    {
        foreach (var function in elf.Functions.Functions)
        {
            if (
                elf.Functions.NameOf(function) == name
                && elf.TryAddressToFileOffset(function.Address, out ulong offset)
            )
                return offset;
        }

        return null;
    }

    /// <summary>Has it call the function and returns the time of one call in ns; null when it died or did not answer in time.</summary>
    /// <remarks>For all modes but "cost".</remarks>
    public double? Run(byte thousands) => Ask(thousands) / (thousands * 1000.0);

    /// <summary>By how many ns a call takes longer with what is attached now than without; null when it died or did not answer in time.</summary>
    /// <remarks>For the mode "cost". So many hundred calls of either kind; 127 at most.</remarks>
    /// <param name="leftOut">Of the function at <see cref="SkipOffset"/>.</param>
    public double? Cost(byte hundreds, bool leftOut = false) =>
        Ask((byte)(hundreds | (leftOut ? LeftOut : 0))) / 1000.0;

    private long? Ask(byte calls)
    {
        if (_silent)
            return null;
        try
        {
            _process.StandardInput.BaseStream.WriteByte(calls);
            _process.StandardInput.BaseStream.Flush();
            var line = _process.StandardOutput.ReadLineAsync();
            _silent = !line.Wait(_patience);
            return !_silent && long.TryParse(line.Result, out long answer) ? answer : null;
        }
        catch (Exception e) when (e is IOException or AggregateException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        try
        {
            _process.StandardInput.Close();
            if (!_process.WaitForExit(1000))
                _process.Kill();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // it is gone already, which is what was wanted
        }

        _process.Dispose();
    }
}
