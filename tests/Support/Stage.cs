using Hud.Analysis;
using Hud.Frames;

namespace Hud.Tests.Support;

/// <summary>Stacks written as text, and an aggregator that attributes them: everything but the kernel.</summary>
internal sealed class Stage : IFrameSource
{
    public const long Ms = 1_000_000;
    public const long Threshold = 5 * Ms;

    public const string Poll =
        " < tokio::runtime::task::raw::poll < tokio::runtime::scheduler::multi_thread::worker::Context::run_task";

    private readonly Dictionary<ulong, Frame> _frames = [];
    private readonly Dictionary<Frame, ulong> _addresses = [];

    public Stage(int maxPolls = 20_000, int maxStacks = 20_000)
    {
        Stacks = new StackStore(maxStacks);
        Attributor = new StackAttributor(Stacks, this);
        Aggregator = new PollAggregator(Attributor, Threshold, maxPolls);
    }

    public StackStore Stacks { get; }

    public StackAttributor Attributor { get; }

    public PollAggregator Aggregator { get; }

    /// <summary>Frames leaf first, without the poll and the worker below it.</summary>
    /// <param name="kernel">The function it sleeps in, if that is known.</param>
    public StackId Stack(
        string leafFirst,
        int target = 0,
        string below = Poll,
        StopReason stop = StopReason.ReachedPoll,
        string kernel = ""
    )
    {
        IEnumerable<Frame> frames = Named.Of(leafFirst + below);
        ulong[] addresses = [.. (kernel.Length > 0 ? frames.Prepend(Named.Kernel(kernel)) : frames).Select(AddressOf)];
        return Stacks.Intern(new TargetId(target), addresses, UnwindQuality.EhFrame, stop);
    }

    private ulong AddressOf(Frame frame)
    {
        if (!_addresses.TryGetValue(frame, out ulong address))
        {
            _addresses[frame] = address = 0x1000 + (ulong)_addresses.Count;
            _frames[address] = frame;
        }

        return address;
    }

    /// <summary>Lines and inlined functions by the name of the function they are in: known to exact lookups only.</summary>
    public Dictionary<string, IReadOnlyList<Frame>> Exactly { get; } = new(StringComparer.Ordinal);

    public IReadOnlyList<Frame> Resolve(TargetId target, ReadOnlySpan<ulong> addresses, bool exact) =>
        [
            .. addresses
                .ToArray()
                .SelectMany(a =>
                    exact && Exactly.TryGetValue(_frames[a].Function, out var frames) ? frames : [_frames[a]]
                ),
        ];

    /// <summary>A poll of 1 ms on-CPU besides what is said; times in ms.</summary>
    public static PollRecord Slow(
        long cpu = 0,
        long blocked = 0,
        long queued = 0,
        long throttled = 0,
        int type = 0,
        int tid = 1,
        long start = 0
    ) =>
        new()
        {
            Type = new TaskTypeId(type),
            Tid = tid,
            StartNs = start * Ms,
            Split = new PollSplit((cpu + blocked + queued) * Ms, cpu * Ms, blocked * Ms, queued * Ms, throttled * Ms),
            Syscall = "",
            PreemptedBy = "",
            Weight = 1,
        };
}
