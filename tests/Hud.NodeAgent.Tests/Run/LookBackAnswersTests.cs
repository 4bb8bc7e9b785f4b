using Hud.Analysis;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.NodeAgent.Run;
using Hud.Tests.Support;
using static Hud.Tests.Support.Stage;

namespace Hud.NodeAgent.Tests.Run;

public sealed class LookBackAnswersTests
{
    private const long Second = 1000 * Ms;
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 3, 14, 7, TimeSpan.Zero);

    private readonly Stage _stage = new();
    private readonly MemoryStream _output = new();
    private readonly LookBackRequests _requests = new();
    private readonly LookBackStore _store;
    private readonly PollAggregator _run;

    public LookBackAnswersTests()
    {
        _store = new LookBackStore(_stage.Attributor, Threshold, 10 * Second);
        _run = new PollAggregator(_stage.Attributor, Threshold) { Listener = _store };
    }

    private LookBackAnswers Answers(LookBackStore? store) =>
        new(
            _requests,
            store,
            _run,
            _stage.Stacks,
            _stage.Attributor,
            new AgentStreamWriter(_output),
            _ => [new ProfileWarning("HUD202", "silent", "")],
            _ => Now
        );

    private static ProfileInputs At(long seconds) =>
        new()
        {
            StartedAt = Now.AddSeconds(-seconds),
            EndNs = seconds * Second,
            Types = [new TaskTypeFacts { Name = "shop::cart", Histogram = new long[Log2Histogram.Slots] }],
            Warnings = [new ProfileWarning("HUD304", "of the run", "")],
        };

    private List<LookBackAnswer> Sent()
    {
        var reader = new AgentStreamReader();
        var answers = new List<LookBackAnswer>();
        foreach (string line in System.Text.Encoding.UTF8.GetString(_output.ToArray()).Split('\n'))
        {
            reader.Accept(System.Text.Encoding.UTF8.GetBytes(line));
            if (reader.TakeLookBack() is { } answer)
                answers.Add(answer);
        }

        return answers;
    }

    [Fact]
    public void Nothing_is_said_that_was_not_asked_for()
    {
        var answers = Answers(_store);
        answers.Look(At(1));
        answers.End(At(2));
        Assert.Empty(Sent());
    }

    [Fact]
    public void The_answer_is_a_look_back_with_the_time_it_is_of()
    {
        _run.AddPoll(Slow(cpu: 20, start: 39_000) with { CpuStack = _stage.Stack("shop::hash") });
        var answers = Answers(_store);
        for (int second = 1; second < 40; second++)
            answers.Look(At(second));
        _requests.Add();
        answers.Look(At(40));

        var document = Assert.Single(Sent()).Document!;
        Assert.Equal(new LookBack { WantedNs = 10 * Second, RunStartedAt = Now.AddSeconds(-40) }, document.LookBack);
        Assert.InRange(document.Summary.ObservedNs, 10 * Second, 13 * Second);
        Assert.Equal(Now, document.Summary.StartedAt.AddTicks(document.Summary.ObservedNs / 100));
        Assert.Equal(["HUD304", "HUD202"], document.Warnings.Select(w => w.Id));
        Assert.Empty(answers.Stacks());
    }

    [Fact]
    public void Requests_that_come_together_get_one_answer_and_a_later_one_another()
    {
        var answers = Answers(_store);
        _requests.Add();
        _requests.Add();
        answers.Look(At(1));
        answers.Look(At(2));
        Assert.Single(Sent());
        _requests.Add();
        answers.Look(At(3));
        Assert.Equal([Second, 3 * Second], Sent().Select(a => a.Document!.Summary.ObservedNs));
    }

    [Fact]
    public void A_request_before_the_first_look_and_one_after_the_last_are_answered()
    {
        _requests.Add();
        var answers = Answers(_store);
        answers.End(At(1));
        Assert.NotNull(Assert.Single(Sent()).Document);
    }

    [Fact]
    public void A_run_that_keeps_nothing_says_so()
    {
        var answers = Answers(store: null);
        _requests.Add();
        answers.Look(At(1));
        _requests.Add();
        answers.End(At(2));
        Assert.Equal([LookBackAnswers.NothingKept, LookBackAnswers.NothingKept], Sent().Select(a => a.Problem));
    }

    [Fact]
    public void Stacks_get_their_exact_names_before_the_answer_goes_out()
    {
        var stack = _stage.Stack("shop::hash");
        _stage.Exactly["shop::hash"] = Named.Of("shop::inlined < shop::hash");
        _run.AddPoll(Slow(cpu: 20, start: 100) with { CpuStack = stack });
        _requests.Add();
        Answers(_store).Look(At(1));
        Assert.Equal("shop::inlined", Assert.Single(Sent()).Document!.Hotspots[0].UserFrame);
    }
}
