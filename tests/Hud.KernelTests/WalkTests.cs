using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hud.KernelTests.Support;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Interop;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;

namespace Hud.KernelTests;

/// <summary>The walk over tasks looks at threads while their own programs write: what it wrote itself would be written by two.</summary>
public sealed partial class WalkTests
{
    /// <summary><c>struct first_look look; u32 told_role;</c> at the end of <c>struct thread_state</c>: the walk's own part.</summary>
    private const int OwnPart = 56;

    [InlineArray(4096)]
    private struct State
    {
        private byte _first;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pidfd_open(int pid, uint flags);

    [Fact]
    public void A_walk_writes_nothing_that_a_threads_programs_write()
    {
        Need.ProbeMode("uprobe.session");
        using var service = ProbedWorkload.Start("sleep", "--workers 1 --tasks 1 --block-ms 4000 --every-ms 1");
        int tid = Sleeper(service);
        service.Kernel.RecordOpenPolls(); // the first one leaves word of its look
        (byte[] before, long switches) = (StateOf(service.Kernel, tid), Switches(service.Workload.Pid, tid));
        service.Ring.Drain();
        service.Events.Clear();
        for (int i = 0; i < 3; i++)
            service.Kernel.RecordOpenPolls();
        byte[] after = StateOf(service.Kernel, tid);
        service.Ring.Drain();

        Assert.Equal(switches, Switches(service.Workload.Pid, tid)); // or it wrote itself
        Assert.Equal(Convert.ToHexString(before), Convert.ToHexString(after));
        var seen = service.Events.FindAll(e => e.NsTid == tid && e.Flags.HasFlag(EventFlags.Open));
        Assert.Equal(3, seen.Count);
        Assert.All(seen, e => Assert.True(e.WorstBlockNs > 5_000_000, $"blocked for {e.WorstBlockNs} ns"));
        service.Workload.EndsWell();
    }

    [Fact]
    public void Polls_are_counted_right_while_walks_go_on_without_a_pause()
    {
        using var polls = new ProbedChild(
            new KernelSettings
            {
                ProbeMode = Need.ProbeMode("uprobe.session"),
                Slots = 4,
                ThresholdNs = 0,
                SlowPerSecond = 1_000_000,
                RingKiB = 16384,
            },
            hertz: 4999
        );
        using var stop = new CancellationTokenSource();
        int walks = 0;
        var walker = new Thread(() =>
        {
            for (; !stop.IsCancellationRequested; walks++)
                polls.Kernel.RecordOpenPolls();
        });
        walker.Start();
        polls.Poll(20);
        stop.Cancel();
        walker.Join();
        Assert.True(walks > 10, $"{walks} walks");
        polls.Ring.Drain();

        Assert.Equal(20_000UL, polls.Kernel.ReadType(new(0)).Polls);
        Assert.Equal(0, polls.Kernel.Count(Stat.MissedReturns));
        Assert.Equal(0, polls.DecodeErrors);
        var closed = polls.Events.Where(e =>
            e.Header.Kind == EventKind.Poll && !e.Header.Flags.HasFlag(EventFlags.Open)
        );
        Assert.All(
            closed,
            e => Assert.True(e.Header.OffNs <= e.Header.WallNs, $"{e.Header.OffNs} of {e.Header.WallNs} ns")
        );
        // one record each, none twice: a poll is known by its thread and its begin
        Assert.Distinct(closed.Select(e => e.Header.StartNs));
    }

    private static int Sleeper(ProbedWorkload service)
    {
        int tid = 0;
        Need.Until(
            () =>
            {
                var worker = service.Kernel.ReadWorkers().Find(w => w.CurrentType != Abi.None && w.OffSinceNs > 1);
                tid = (int)worker.NsTid;
                return tid != 0;
            },
            "a worker sleeps in a poll"
        );
        Thread.Sleep(20); // beyond the threshold
        return tid;
    }

    private static long Switches(int pid, int tid)
    {
        string status = File.ReadAllText($"/proc/{pid}/task/{tid}/status");
        return long.Parse(ProcFs.StatusField(status, "voluntary_ctxt_switches"))
            + long.Parse(ProcFs.StatusField(status, "nonvoluntary_ctxt_switches"));
    }

    private static unsafe byte[] StateOf(BpfProbes kernel, int tid)
    {
        const uint thread = 0x80; // PIDFD_THREAD, O_EXCL: since 6.9
        const int infoOfDescriptor = 15; // BPF_OBJ_GET_INFO_BY_FD
        int fd = pidfd_open(tid, thread);
        if (fd < 0)
            Need.Missing("a descriptor of a thread needs Linux 6.9");
        try
        {
            uint* info = stackalloc uint[16]; // struct bpf_map_info: type, id, key_size, value_size
            ulong* ask = stackalloc ulong[2];
            ask[0] = (uint)kernel.Threads.Fd | 64UL << 32;
            ask[1] = (ulong)info;
            Assert.Equal(0, Libc.Bpf(infoOfDescriptor, ask, 16));
            Assert.InRange(info[3], 1u, 4096u);
            Assert.True(kernel.Threads.TryGet(fd, out State state), "the thread is known");
            return ((ReadOnlySpan<byte>)state)[..(int)(info[3] - OwnPart)].ToArray();
        }
        finally
        {
            _ = Libc.close(fd);
        }
    }
}
