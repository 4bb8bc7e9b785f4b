using System.Diagnostics;
using System.Text.Json;
using Hud.NodeAgent.Proc;

namespace Hud.KernelTests.Support;

/// <summary>A running Tokio program and what it reports of itself. Its stdin closes with the test, and then it ends.</summary>
internal sealed class Workload : IDisposable
{
    private readonly Process _process;
    private readonly List<JsonElement> _lines = [];
    private readonly Task _reading;

    private Workload(Process process)
    {
        _process = process;
        _reading = Task.Run(Read);
    }

    public int Pid => _process.Id;

    public bool HasExited => _process.HasExited;

    public static Workload Start(
        string name,
        string arguments = "",
        string set = "tokio143-release",
        params string[] before
    ) => StartFile(Need.Workload(set, name), arguments, before);

    public static Workload StartFile(string program, string arguments = "", params string[] before)
    {
        string[] words = [.. before, program, .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        var start = new ProcessStartInfo(words[0], words[1..])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var workload = new Workload(Process.Start(start)!);
        Need.Until(() => workload.Has("ready") || workload.HasExited, "the workload is ready");
        Assert.False(workload.HasExited, $"{program} ended at once");
        return workload;
    }

    /// <summary>The last number that it reported under this name; 0 before the first.</summary>
    public long Last(string field)
    {
        lock (_lines)
            return _lines.LastOrDefault(l => l.TryGetProperty(field, out _)) is { ValueKind: JsonValueKind.Object } line
                ? line.GetProperty(field).GetInt64()
                : 0;
    }

    public bool Has(string field)
    {
        lock (_lines)
            return _lines.Exists(l => l.TryGetProperty(field, out _));
    }

    public int Count(string field)
    {
        lock (_lines)
            return _lines.Count(l => l.TryGetProperty(field, out _));
    }

    /// <summary>It reports its polls every second: waits until it has reported more.</summary>
    public void StillWorks()
    {
        long before = Last("polls");
        Need.Until(() => Last("polls") > before || HasExited, "the target goes on polling");
        Assert.False(HasExited, "the target died");
    }

    /// <summary>Ends it the polite way: it must still be able to, and say what it did.</summary>
    public void EndsWell()
    {
        Assert.False(HasExited, $"the target died with {(HasExited ? _process.ExitCode : 0)}");
        _process.StandardInput.Close();
        Assert.True(_process.WaitForExit(20_000), "the target does not end");
        Assert.True(_reading.Wait(20_000));
        Assert.Equal(0, _process.ExitCode);
        Assert.True(Has("summary"), "the target ended without its summary");
    }

    public void Signal(int number) => Assert.Equal(0, NodeAgent.Interop.Libc.kill(Pid, number));

    /// <summary>Bytes of its code as they are now, breakpoints and all.</summary>
    public byte[] CodeAt(ulong fileOffset, int length = 1)
    {
        var mapping = TargetFiles
            .ReadMaps(Pid)
            .Mappings.ToArray()
            .First(m => m.Executable && m.IsFile && fileOffset - m.FileOffset < m.Length);
        Assert.True(
            TargetFiles.TryReadMemory(Pid, mapping.Start + (fileOffset - mapping.FileOffset), length, out byte[]? bytes)
        );
        return bytes;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            if (!_process.WaitForExit(5000))
                _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private async Task Read()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } text)
        {
            using var document = JsonDocument.Parse(text);
            lock (_lines)
                _lines.Add(document.RootElement.Clone());
        }
    }
}
