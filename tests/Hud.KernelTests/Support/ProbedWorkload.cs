using Hud.Analysis;
using Hud.Core.Stream;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;
using Hud.NodeAgent.Run;
using Hud.Unwinding;

namespace Hud.KernelTests.Support;

/// <summary>The BPF programs on a real Tokio program, without the rest of the agent.</summary>
internal sealed class ProbedWorkload : IDisposable
{
    private readonly EventDecoder _decoder = new();

    private ProbedWorkload(Workload workload, KernelSettings settings)
    {
        Workload = workload;
        Target = Assert.IsType<TargetProcess>(
            TargetInspector.Inspect(
                new(0),
                new AgentTarget { Pid = workload.Pid },
                workload.Pid,
                new TargetFiles(new UnwindTableCache())
            )
        );
        Kernel = BpfProbes.Load(settings);
        Ring = new RingBuffer(Kernel.Events, Accept);
        Threads = Kernel.AddTarget(workload.Pid, new(0));
        Kernel.AttachScheduler(0);
        Target.Probes.Attach(Kernel, new HashSet<TaskTypeId>());
        Kernel.Control.Enabled = 1;
    }

    public Workload Workload { get; }

    public TargetProcess Target { get; }

    public BpfProbes Kernel { get; }

    public RingBuffer Ring { get; }

    public IReadOnlyList<TaskRecord> Threads { get; }

    public List<HudEvent> Events { get; } = [];

    /// <summary>Where in the file its probes are.</summary>
    public IEnumerable<ulong> Sites => Target.Tokio.Types.Select(t => t.FileOffset);

    public static ProbedWorkload Start(string name, string arguments, KernelSettings? settings = null)
    {
        var workload = Workload.Start(name, "--seconds 100 " + arguments);
        try
        {
            return new ProbedWorkload(workload, settings ?? new KernelSettings { Types = 64 });
        }
        catch
        {
            workload.Dispose();
            throw;
        }
    }

    public void AttachAgain() => Target.Probes.Attach(Kernel, new HashSet<TaskTypeId>());

    private void Accept(ReadOnlySpan<byte> record)
    {
        Assert.True(_decoder.TryDecode(record, out var header, out _));
        Events.Add(header);
    }

    public void Dispose()
    {
        Target.Dispose();
        Ring.Dispose();
        Kernel.Dispose();
        Workload.Dispose();
    }
}
