using System.Runtime.InteropServices;
using Hud.Analysis;
using Hud.Core.Stream;
using Hud.Elf;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Run;
using Hud.Tests.Support;
using Hud.Unwinding;

namespace Hud.NodeAgent.Tests.Run;

/// <summary>Stacks of threads that slept all the while: only what did not move while it was read is believed.</summary>
public sealed class SleepersTests : IDisposable
{
    private readonly PlayedKernel _kernel = new();
    private readonly Stage _stage = new();
    private readonly OutsidePolls _outside;
    private readonly Sleepers _sleepers;
    private readonly List<byte[]> _kept = [];
    private readonly GCHandle _memory;

    public SleepersTests()
    {
        // the stack of the sleeper: memory of this process, as the agent reads that of its target
        byte[] stack = GC.AllocateUninitializedArray<byte>(128 * 1024, pinned: true);
        stack.AsSpan().Fill(0x5a);
        _memory = GCHandle.Alloc(stack);
        Sp = (ulong)Marshal.UnsafeAddrOfPinnedArrayElement(stack, 0);
        var target = new TargetProcess
        {
            Id = new(0),
            Spec = new AgentTarget(),
            Pid = Environment.ProcessId,
            Modules = new ModuleMap(new AddressSpaceMap([]), _ => null),
        };
        _outside = new OutsidePolls(
            [target],
            _stage.Stacks,
            _stage.Attributor,
            new TaskTypeResolver(_stage.Stacks, [target]),
            5
        );
        _sleepers = new Sleepers(
            _kernel,
            [target],
            (_, _, slice) =>
            {
                _kept.Add(slice.ToArray());
                return StackId.None;
            },
            _outside
        );
    }

    private ulong Sp { get; }

    public void Dispose() => _memory.Free();

    private SleeperRecord Sleeper(uint tid, ulong since, ulong sp)
    {
        var sleeper = new SleeperRecord
        {
            Tid = tid,
            NsTid = tid,
            OffAtNs = since,
            Syscall = 230,
        };
        sleeper.Registers[7] = sp; // rsp in DWARF's order
        return sleeper;
    }

    [Fact]
    public void A_thread_that_still_sleeps_has_its_stack_read_once()
    {
        var sleeper = Sleeper(7, since: 100, Sp);
        _kernel.Sleepers.Enqueue([sleeper]);

        _sleepers.Look();
        _sleepers.Look();

        byte[] read = Assert.Single(_kept);
        Assert.Equal(64 * 1024, read.Length);
        Assert.All(read, b => Assert.Equal(0x5a, b));
        Assert.True(_outside.IsKnown(sleeper));
    }

    [Fact]
    public void What_was_read_of_a_thread_that_moved_meanwhile_is_thrown_away()
    {
        _kernel.Sleepers.Enqueue([Sleeper(7, since: 100, Sp)]);
        _kernel.Sleepers.Enqueue([Sleeper(7, since: 200, Sp)]);

        _sleepers.Look();

        Assert.Empty(_kept);
        Assert.False(_outside.IsKnown(Sleeper(7, since: 100, Sp)));
    }

    [Fact]
    public void A_stack_that_cannot_be_read_does_not_mean_that_all_is_well()
    {
        _kernel.Sleepers.Enqueue([Sleeper(7, since: 100, sp: 0x10)]);

        _sleepers.Look();

        Assert.Empty(_kept);
        Assert.Equal([(new TargetId(0), 7)], _outside.Unclear);
    }

    [Fact]
    public void Of_thousands_a_bounded_number_is_read_at_a_time()
    {
        _kernel.Sleepers.Enqueue([.. Enumerable.Range(1, 3000).Select(i => Sleeper((uint)i, 100, Sp))]);

        _sleepers.Look();
        Assert.Equal(1024, _kept.Count);

        _sleepers.Look();
        Assert.Equal(2048, _kept.Count);
    }

    [Fact]
    public void Where_no_thread_sleeps_the_kernel_is_asked_once()
    {
        _sleepers.Look();
        Assert.Equal(1, _kernel.Looks);
    }
}
