using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Hud.WorkloadTests.Harness;

/// <summary>A running workload and what it has reported so far. Ends with the test: its stdin closes.</summary>
internal sealed class Workload : IDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly List<TruthBlock> _blocks = [];
    private readonly List<TruthLine> _lines = [];
    private readonly TaskCompletionSource<TruthLine> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;

    private Workload(Process process)
    {
        _process = process;
        _reading = Task.Run(Read);
    }

    public int Pid => _process.Id;

    /// <summary>Added to CLOCK_MONOTONIC it gives nanoseconds since 1970.</summary>
    public long UnixMinusMonotonicNs { get; private set; }

    public IReadOnlyList<TruthBlock> Blocks
    {
        get
        {
            lock (_blocks)
                return [.. _blocks];
        }
    }

    public IReadOnlyList<TruthLine> Lines
    {
        get
        {
            lock (_blocks)
                return [.. _lines];
        }
    }

    public static async Task<Workload> StartAsync(
        string set,
        string name,
        string arguments = "",
        params string[] prefix
    )
    {
        var program = Repository.Workload(set, name);
        Repository.Require(program);
        string[] words =
        [
            .. prefix,
            program,
            "--seconds",
            "120",
            .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        ];
        var start = new ProcessStartInfo(words[0], words[1..])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var workload = new Workload(Process.Start(start)!);
        try
        {
            var ready = await workload._ready.Task.WaitAsync(StartTime, TestContext.Current.CancellationToken);
            workload.UnixMinusMonotonicNs = ready.UnixNs!.Value - ready.StartNs!.Value;
            return workload;
        }
        catch
        {
            workload.Dispose();
            throw;
        }
    }

    /// <summary>Ends the program the polite way and waits for the rest of its log.</summary>
    public async Task StopAsync()
    {
        _process.StandardInput.Close();
        await _reading.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        await _process
            .WaitForExitAsync(TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    public bool HasExited => _process.HasExited;

    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [name, Pid.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            if (!_process.WaitForExit(TimeSpan.FromSeconds(3)))
                _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private async Task Read()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } text)
        {
            var line = JsonSerializer.Deserialize(text, TruthJson.Default.TruthLine)!;
            lock (_blocks)
            {
                if (line.Kind is not null)
                    _blocks.Add(JsonSerializer.Deserialize(text, TruthJson.Default.TruthBlock)!);
                else
                    _lines.Add(line);
            }

            if (line.Ready is true)
                _ready.TrySetResult(line);
            if (line.Skip is { } reason)
                _ready.TrySetException(Xunit.Sdk.SkipException.ForSkip(reason));
        }

        _ready.TrySetException(new InvalidOperationException("the workload ended before it was ready"));
    }
}
