using System.Text.Json;
using Hud.Analysis;
using Hud.Core;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.NodeAgent.Run;
using Hud.Tests.Support;
using static Hud.Tests.Support.Stage;

namespace Hud.NodeAgent.Tests.Run;

public sealed class LookBackAnswersTests : IDisposable
{
    private const long Second = 1000 * Ms;
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 3, 14, 7, TimeSpan.Zero);

    /// <summary>Of the run, where it is asked by a list.</summary>
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 2, 0, 0, TimeSpan.Zero);

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

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hud-asks");

    public void Dispose() => _folder.Delete(recursive: true);

    private string ListPath => Path.Combine(_folder.FullName, "look-backs");

    /// <summary>Seconds of the run.</summary>
    private void Ask(params (string Id, double From, double Until)[] list) =>
        File.WriteAllText(
            ListPath,
            JsonSerializer.Serialize(
                [
                    .. list.Select(r => new LookBackRequest
                    {
                        Id = r.Id,
                        From = Start.AddSeconds(r.From),
                        Until = Start.AddSeconds(r.Until),
                    }),
                ],
                HudJson.Default.IReadOnlyListLookBackRequest
            )
        );

    private LookBackAnswers Listed(LookBackStore? store) =>
        Answers(store, new LookBackFile(ListPath, TimeOfDay, d => Assert.Fail(d.Message)), TimeOfDay);

    private static DateTimeOffset TimeOfDay(long ns) => Start.AddTicks(ns / 100);

    /// <summary>A long poll each second, and a look.</summary>
    private void Run(LookBackAnswers answers, int from, int to)
    {
        for (int second = from; second <= to; second++)
        {
            _run.AddPoll(Slow(cpu: 20, start: (second * 1000) - 500) with { CpuStack = _stage.Stack("shop::hash") });
            answers.Look(At(second));
        }
    }

    private LookBackAnswers Answers(LookBackStore? store) => Answers(store, file: null, _ => Now);

    private LookBackAnswers Answers(LookBackStore? store, LookBackFile? file, Func<long, DateTimeOffset> timeOfDay) =>
        new(
            _requests,
            store,
            _run,
            _stage.Stacks,
            _stage.Attributor,
            new AgentStreamWriter(_output),
            _ => [new ProfileWarning("HUD202", "silent", "")],
            timeOfDay,
            file
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

    [Fact]
    public void A_request_by_the_list_is_answered_by_its_id_when_its_end_is_past()
    {
        Ask(("first", 32, 36), ("later", 35, 60));
        var answers = Listed(_store);
        Run(answers, 1, 35);
        Assert.Empty(Sent());
        Run(answers, 36, 40);

        var answer = Assert.Single(Sent());
        Assert.Equal("first", answer.Request);
        var (summary, lookBack) = (answer.Document!.Summary, answer.Document.LookBack!);
        Assert.Equal(Start.AddSeconds(36), summary.StartedAt.AddTicks(summary.ObservedNs / 100));
        // from there or up to a quarter of what is kept before
        Assert.InRange(summary.StartedAt, Start.AddSeconds(32 - 3), Start.AddSeconds(32));
        Assert.Equal(4 * Second, lookBack.WantedNs);
        Assert.Equal((36 - (summary.StartedAt - Start).TotalSeconds), summary.SlowPolls);
        Assert.DoesNotContain(answer.Document.Warnings, w => w.Id == "HUD319");
    }

    [Fact]
    public void What_is_no_longer_kept_is_told()
    {
        Ask(("old", 5, 40));
        var answers = Listed(_store);
        Run(answers, 1, 40);

        var document = Assert.Single(Sent()).Document!;
        Assert.InRange(document.Summary.ObservedNs, 10 * Second, 13 * Second);
        Assert.Equal(35 * Second, document.LookBack!.WantedNs);
        var warning = Assert.Single(document.Warnings, w => w.Id == "HUD319");
        Assert.Contains("are not kept", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_that_are_due_are_answered_one_a_look()
    {
        Ask([.. Enumerable.Range(0, 16).Select(i => ($"r{i}", 5.0, 10.0))]);
        var answers = Listed(_store);
        Run(answers, 1, 12);
        Assert.InRange(Sent().Count, 1, 3);
        Run(answers, 13, 30);
        Assert.Equal(Enumerable.Range(0, 16).Select(i => $"r{i}"), Sent().Select(a => a.Request));
    }

    [Theory]
    [InlineData(30, 20, LookBackAnswers.EndsBeforeItBegins)]
    [InlineData(5, 10, "before the first moment that is kept")]
    public void What_cannot_be_had_is_refused_by_its_id(double from, double until, string why)
    {
        var answers = Listed(_store);
        Ask();
        Run(answers, 1, 40);
        Ask(("a", from, until));
        Run(answers, 41, 42);
        var answer = Assert.Single(Sent());
        Assert.Equal("a", answer.Request);
        Assert.Null(answer.Document);
        Assert.Contains(why, answer.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_keeps_nothing_says_so_to_each_request_once()
    {
        Ask(("a", 1, 2), ("b", 1, 2));
        var answers = Listed(store: null);
        Run(answers, 1, 10);
        Assert.Equal(
            [("a", LookBackAnswers.NothingKept), ("b", LookBackAnswers.NothingKept)],
            Sent().Select(a => (a.Request, a.Problem))
        );
    }

    [Fact]
    public void At_the_end_of_the_run_what_waits_gets_what_there_is()
    {
        Ask(("waits", 35, 60), ("to-come", 50, 60));
        var answers = Listed(_store);
        Run(answers, 1, 40);
        answers.End(At(41));

        var (waits, toCome) = (Sent()[0], Sent()[1]);
        Assert.Equal(("waits", "to-come"), (waits.Request, toCome.Request));
        var warning = Assert.Single(waits.Document!.Warnings, w => w.Id == "HUD319");
        Assert.Contains("the run ended 19s before its end", warning.Message, StringComparison.Ordinal);
        Assert.Equal("the run ended before it was to begin", toCome.Problem);
    }
}
