using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Run;

namespace Hud.KernelTests.Support;

/// <summary>The BPF programs on the self-test child, whose probed function is called exactly as often as we say.</summary>
internal sealed class ProbedChild : IDisposable
{
    /// <summary>It only ends a test that is broken: on a busy machine, and with walks that never pause, an answer takes its time.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly EventDecoder _decoder = new();
    private PollLinks? _links;
    private PollLinks? _wakes;
    private readonly bool _overtaken;

    /// <param name="mode">Of the child.</param>
    public ProbedChild(KernelSettings settings, uint type = 0, int hertz = 0, string mode = "spin")
    {
        _overtaken = string.Equals(mode, "overtaken", StringComparison.Ordinal);
        Kernel = BpfProbes.Load(settings);
        try
        {
            Child =
                SelfTestChild.Start(mode, Patience)
                ?? throw new InvalidOperationException("hud-selftest does not start");
            Threads = Kernel.AddTarget(Child.Pid, new(0));
            Ring = new RingBuffer(Kernel.Events, Accept);
            Kernel.AttachScheduler(hertz);
            Attach(type);
            Kernel.Control.Enabled = 1;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public BpfProbes Kernel { get; }

    public SelfTestChild Child { get; } = null!;

    public IReadOnlyList<TaskRecord> Threads { get; } = [];

    public RingBuffer Ring { get; } = null!;

    public List<(HudEvent Header, byte[] Stack)> Events { get; } = [];

    public long DecodeErrors => _decoder.Errors;

    public void Attach(uint type) =>
        _links = _overtaken
            ? Kernel.AttachPolls(Child.Path, [Child.Offset, Child.OvertakenOffset], [type, type], Child.Pid)
            : Kernel.AttachPolls(Child.Path, [Child.Offset], [type], Child.Pid);

    /// <summary>The programs know where the id of its task is, and so see when one that was woken during its poll is polled again.</summary>
    public void ShowTaskId(uint type) =>
        Kernel.SetType(new((int)type), new TypeInfo { TaskIdOffset = SelfTestChild.TaskIdOffset });

    /// <summary>The same function stands for a wake, too: it is given what looks like a task.</summary>
    public void AttachWakes(uint type)
    {
        ShowTaskId(type);
        _wakes = Kernel.AttachWakes(Child.Path, [Child.Offset], [WakeCookie.Of(SelfTestChild.Wake)], Child.Pid);
    }

    public void Detach()
    {
        _wakes?.Dispose();
        _wakes = null;
        _links?.Dispose();
        _links = null;
    }

    /// <summary>Has the child poll this many thousand times.</summary>
    public void Poll(byte thousands) => Assert.NotNull(Child.Run(thousands));

    /// <summary>Stretches between the child's polls in which it lost the CPU: none on a quiet machine.</summary>
    public int Outside { get; private set; }

    private void Accept(ReadOnlySpan<byte> record)
    {
        if (!_decoder.TryDecode(record, out var header, out var stack))
            return;
        if (header.Type == Abi.Outside)
            Outside++;
        else
            Events.Add((header, stack.ToArray()));
    }

    public void Dispose()
    {
        Ring?.Dispose();
        Detach();
        Kernel.Dispose();
        Child?.Dispose();
    }
}
