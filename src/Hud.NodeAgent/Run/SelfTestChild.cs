using System.Diagnostics;
using Hud.Profiling.Elf;

namespace Hud.NodeAgent.Run;

/// <summary>The child that is probed instead of the target: what a hit costs, and whether seccomp survives one.</summary>
internal sealed class SelfTestChild : IDisposable
{
    private readonly Process _process;

    private SelfTestChild(Process process, ulong offset)
    {
        _process = process;
        Offset = offset;
    }

    public int Pid => _process.Id;

    public string Path => $"/proc/{Pid}/exe";

    /// <summary>File offset of the probed function.</summary>
    public ulong Offset { get; }

    /// <summary>Next to the agent, or where a build left it; HUD_SELFTEST names another.</summary>
    internal static string? FindProgram()
    {
        if (Environment.GetEnvironmentVariable("HUD_SELFTEST") is { Length: > 0 } named)
            return File.Exists(named) ? named : null;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            foreach (string candidate in (string[])["hud-selftest", "native/hud-selftest", "out/native/hud-selftest"])
            {
                string path = System.IO.Path.Combine(folder.FullName, candidate);
                if (File.Exists(path))
                    return path;
            }
        }

        return null;
    }

    /// <summary>Null when the program is missing or cannot run here.</summary>
    public static SelfTestChild? Start(string mode)
    {
        string? program = FindProgram();
        if (program is null || !FileByteSource.TryOpen(program, out var source, out _))
            return null;
        using (source)
        {
            if (!ElfFile.TryOpen(source, out var elf, out _) || FindProbe(elf) is not { } offset)
                return null;
            var process = Process.Start(new ProcessStartInfo(program, [mode])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                UseShellExecute = false,
            });
            return process is null ? null : new SelfTestChild(process, offset);
        }
    }

    private static ulong? FindProbe(ElfFile elf)
    {
        foreach (var function in elf.Functions.Functions)
        {
            if (elf.Functions.NameOf(function) == "hud_selftest_probe" && elf.TryAddressToFileOffset(function.Address, out ulong offset))
                return offset;
        }

        return null;
    }

    /// <summary>Has it call the function and returns the time of one call in ns; null when it died.</summary>
    public double? Run(byte thousands)
    {
        try
        {
            _process.StandardInput.BaseStream.WriteByte(thousands);
            _process.StandardInput.BaseStream.Flush();
            var line = _process.StandardOutput.ReadLineAsync();
            if (!line.Wait(TimeSpan.FromSeconds(5)) || !long.TryParse(line.Result, out long ns))
                return null;
            return ns / (thousands * 1000.0);
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
