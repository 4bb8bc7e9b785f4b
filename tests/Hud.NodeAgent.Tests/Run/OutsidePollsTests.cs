using Hud.Analysis;
using Hud.Core.Stream;
using Hud.Frames;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Run;
using Hud.Tests.Support;
using Hud.Tokio;
using static Hud.Tests.Support.Stage;

namespace Hud.NodeAgent.Tests.Run;

/// <summary>What threads do outside of timed polls: lost time, waiting, or neither. Times in ms.</summary>
public sealed class OutsidePollsTests
{
    private const int Nanosleep = 230;
    private const int Futex = 202;
    private const int Types = 2;

    private const string Start = " < std::sys::thread::unix::Thread::new::thread_start < start_thread < clone3";

    private const string Loop =
        " < tokio::runtime::scheduler::multi_thread::worker::Context::run < tokio::runtime::scheduler::multi_thread::worker::run"
        + Start;

    private const string InLogin =
        "clock_nanosleep < std::thread::sleep < shop::login < tokio::runtime::task::harness::Harness<T,S>::poll" + Loop;

    private const string Park =
        "syscall < std::sys::sync::condvar::futex::Condvar::wait < tokio::runtime::scheduler::multi_thread::park::Inner::park"
        + Loop;

    private const string Pool =
        "clock_nanosleep < std::thread::sleep < shop::export < tokio::runtime::blocking::pool::Inner::run" + Start;

    private const string Main =
        "clock_nanosleep < std::thread::sleep < shop::load < shop::main::{{closure}}"
        + " < tokio::runtime::scheduler::current_thread::CoreGuard::block_on < shop::main < main";

    private readonly Stage _stage = new();
    private readonly OutsidePolls _outside;
    private readonly List<(uint Tid, ThreadRole Role)> _roles = [];
    private readonly List<(ulong Address, FutexUse Use)> _futexes = [];

    public OutsidePollsTests()
    {
        var target = new TargetProcess
        {
            Id = new(0),
            Spec = new AgentTarget(),
            Tokio = new TokioBinary
            {
                Types = [new("shop::cart", 0, 0, default, 0), new("shop::login", 0, 0, default, 0)],
            },
        };
        target.AssignNumbers(40);
        _outside = new OutsidePolls(
            [target],
            _stage.Stacks,
            _stage.Attributor,
            new TaskTypeResolver(_stage.Stacks, [target]),
            5 * Ms
        )
        {
            FirstLookNs = 100 * (ulong)Ms,
            SetRole = (tid, role) =>
            {
                _roles.Add((tid, role));
                return true;
            },
            LearnFutex = (_, address, use) => _futexes.Add((address, use)),
        };
    }

    private StackId Whole(string stack) => _stage.Stack(stack, below: "", stop: StopReason.EndOfStack);

    private static HudEvent Header(double start, int syscall, EventFlags flags, uint tid = 7) =>
        new()
        {
            Type = Abi.Outside,
            Tid = tid,
            NsTid = tid,
            StartNs = (ulong)(start * Ms),
            Syscall = syscall,
            SyscallArg = 0xf00,
            Flags = flags,
        };

    private PollRecord? Slept(
        string stack,
        int syscall = Nanosleep,
        long ms = 20,
        double start = 50,
        EventFlags flags = EventFlags.Before
    ) =>
        _outside.Judge(
            Header(start, syscall, flags),
            Slow(blocked: ms) with
            {
                BlockStack = Whole(stack),
                Syscall = OutsidePolls.Name(syscall),
            }
        );

    [Fact]
    public void A_sleep_in_a_poll_that_began_before_the_run_is_that_polls()
    {
        var record = Slept(InLogin);

        Assert.NotNull(record);
        Assert.Equal((true, false, 41), (record.Value.Before, record.Value.Outside, record.Value.Type.Number));
        Assert.Equal([(7u, ThreadRole.Worker)], _roles);
    }

    [Fact]
    public void A_poll_that_began_after_the_first_look_was_left_out_on_purpose() =>
        Assert.Null(Slept(InLogin, start: 150));

    [Fact]
    public void The_threshold_holds_here_too() => Assert.Null(Slept(InLogin, ms: 5));

    [Fact]
    public void A_second_part_of_the_poll_that_began_before_counts_as_well()
    {
        Slept(InLogin);
        var record = Slept(InLogin, start: 300, flags: EventFlags.None);

        Assert.Equal(true, record?.Before);
    }

    [Fact]
    public void Code_below_block_on_is_in_no_task()
    {
        var record = Slept(Main);

        Assert.NotNull(record);
        Assert.Equal((true, 40 + Types), (record.Value.Outside, record.Value.Type.Number));
    }

    [Fact]
    public void A_wait_for_a_CPU_in_it_is_not_code_at_work() =>
        Assert.Null(
            _outside.Judge(Header(50, -1, EventFlags.Before), Slow(queued: 40) with { QueueStack = Whole(Main) })
        );

    [Fact]
    public void A_parked_worker_has_lost_nothing_and_its_futex_is_known_from_then_on()
    {
        Assert.Null(Slept(Park, Futex));

        Assert.Equal([(0xf00ul, FutexUse.Park)], _futexes);
        Assert.Equal([(7u, ThreadRole.Worker)], _roles);
        Assert.Empty(_outside.Unclear);
    }

    [Fact]
    public void A_lock_in_a_poll_is_a_futex_of_another_use()
    {
        Slept(
            "syscall < std::sys::sync::mutex::futex::Mutex::lock_contended < shop::login < tokio::runtime::task::harness::Harness<T,S>::poll"
                + Loop,
            Futex
        );

        Assert.Equal([(0xf00ul, FutexUse.Other)], _futexes);
    }

    [Fact]
    public void One_sleep_shows_a_thread_of_the_blocking_pool_for_what_it_is()
    {
        Assert.Null(Slept(Pool));
        Assert.Equal([(7u, ThreadRole.Stranger)], _roles);
    }

    [Fact]
    public void Of_samples_it_takes_three()
    {
        StackId stack = Whole("shop::burn" + Start);
        for (int i = 0; i < 2; i++)
            _outside.AddSample(Header(50, -1, EventFlags.Before), stack);
        Assert.Empty(_roles);
        Assert.Equal([(new TargetId(0), 7)], _outside.Unclear);

        _outside.AddSample(Header(50, -1, EventFlags.Before), stack);
        Assert.Equal([(7u, ThreadRole.Stranger)], _roles);
        Assert.Empty(_outside.Unclear);
    }

    [Fact]
    public void A_thread_without_a_stack_is_unclear_until_it_is_seen_parked()
    {
        _outside.Judge(Header(50, -1, EventFlags.Before), Slow(blocked: 20));
        Assert.Equal([(new TargetId(0), 7)], _outside.Unclear);

        Slept(Park, Futex);
        Assert.Empty(_outside.Unclear);
    }

    [Fact]
    public void The_stack_that_the_agent_read_of_a_sleeper_is_that_of_its_record()
    {
        var sleeper = new SleeperRecord
        {
            Tid = 7,
            NsTid = 7,
            Syscall = Nanosleep,
            OffAtNs = 60 * (ulong)Ms,
        };
        _outside.AddSleeper(sleeper, Whole(InLogin), []);
        Assert.True(_outside.IsKnown(sleeper));

        var header = Header(50, Nanosleep, EventFlags.Before);
        header.WorstBlockNs = 20 * (ulong)Ms;
        header.BlockStartNs = sleeper.OffAtNs;
        var record = _outside.Judge(header, Slow(blocked: 20) with { Syscall = "clock_nanosleep" });

        Assert.NotNull(record);
        Assert.False(record.Value.BlockStack.IsNone);
        Assert.Equal(41, record.Value.Type.Number);
    }

    [Fact]
    public void Once_a_worker_it_is_known()
    {
        Slept(Park, Futex);
        _roles.Clear();

        for (int i = 0; i < 5; i++)
            Slept("clock_nanosleep < shop::odd" + Start, flags: EventFlags.None);

        Assert.DoesNotContain(_roles, r => r.Role == ThreadRole.Stranger);
    }
}
