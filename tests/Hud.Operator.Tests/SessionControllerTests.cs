using System.Text;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Kubernetes;
using Hud.Kubernetes.Tests.Scripted;
using Hud.Operator.Entities;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;
using Hud.Operator.Tests.Scripted;
using k8s.Models;

namespace Hud.Operator.Tests;

public sealed class SessionControllerTests
{
    private static readonly OperatorOptions OneEach = Make.Options with { MaxSessionsPerNode = 1 };

    private static SessionEntity Running(string name = "first", string uid = "uid-1") =>
        Make.Session(status: Make.Status(Make.Target(0)), name: name, uid: uid);

    private static V1Pod AgentOf(SessionEntity session, V1Pod pod)
    {
        pod.Metadata = new V1ObjectMeta
        {
            Name = Names.AgentPod(session.Uid, "n1"),
            NamespaceProperty = Make.Options.Namespace,
            Uid = "agent-1",
            Labels = new Dictionary<string, string>() { [Names.SessionUidLabel] = session.Uid },
        };
        return pod;
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_session_that_is_gone_without_its_finalizer_leaves_its_place_to_others(
        bool worked,
        bool anotherOfItsName
    )
    {
        var first = Running();
        await using var world = new ScriptedWorld(
            OneEach,
            [first, Make.Session(name: "second", uid: "uid-2")],
            [AgentOf(first, Make.Running())]
        );
        world.Targets["checkout-0"] = Make.TargetPod();
        await world.Ready;
        world.Controller.AdmitRunning();
        if (worked)
        {
            await world.ReconcileAsync("first");
            Assert.Equal(1, world.Streams.Count);
            await world.SeenAsync("first");
            await world.ReconcileAsync("first");
        }
        await world.ReconcileAsync("second");
        Assert.Equal("TooManySessions", world.Status("second").Condition(ConditionTypes.Accepted).Reason);
        await world.SeenAsync("second");

        await world.DeleteAsync(
            "first",
            anotherOfItsName ? Make.Session(Make.Spec() with { Suspend = true }, name: "first", uid: "uid-3") : null
        );
        await world.ReconcileAsync("first");

        Assert.Equal(0, world.Streams.Count);
        await world.ReconcileAsync("second");
        Assert.Equal(["pod-0"], world.Status("second").Targets.Select(t => t.PodUid));
    }

    [Fact]
    public async Task A_change_after_the_end_is_seen_once_and_changes_nothing()
    {
        var target = Make.Target(0);
        var done = SessionDecider
            .Decide(Make.Observation(Make.Status(target), [Make.Agent(Make.Ended(), Make.Done(target))]))
            .Status;
        var session = Make.Session(status: done, name: "first");
        session.Metadata.Generation = 2;
        await using var world = new ScriptedWorld(OneEach, [session]);
        await world.Ready;
        await world.ReconcileAsync("first");
        await world.SeenAsync("first");
        await world.ReconcileAsync("first");
        Assert.Single(world.Statuses);
        var status = world.Status("first");
        Assert.Equal(2, status.ObservedGeneration);
        Assert.All(status.Conditions, c => Assert.Equal(2, c.ObservedGeneration));
        Assert.Equal(
            (done.Phase, done.CompletionTime, done.Verdict),
            (status.Phase, status.CompletionTime, status.Verdict)
        );
        Assert.Empty(world.Events);
    }

    [Theory]
    [InlineData(30, true)]
    [InlineData(3600, false)] // emitted long ago, and expired
    public async Task What_the_operator_before_wrote_and_did_not_report_is_reported_once(int secondsAgo, bool reported)
    {
        var target = Make.Target(0);
        var done = SessionDecider
            .Decide(Make.Observation(Make.Status(target), [Make.Agent(Make.Ended(), Make.Done(target))]))
            .Status;
        var at = DateTimeOffset.UtcNow.AddSeconds(-secondsAgo);
        done = done with { Conditions = [.. done.Conditions.Select(c => c with { LastTransitionTime = at })] };
        await using var world = new ScriptedWorld(OneEach, [Make.Session(status: done, name: "first")]);
        await world.Ready;
        await world.ReconcileAsync("first");
        await world.ReconcileAsync("first");
        Assert.Equal(reported ? 1 : 0, world.Events.Count(e => e == "AllTargetsProfiled"));
        Assert.Equal(world.Events.Distinct(StringComparer.Ordinal), world.Events);
    }

    [Fact]
    public async Task An_event_whose_connection_breaks_is_told_again()
    {
        var broken = 0;
        await using var world = new ScriptedWorld(
            Make.Options with
            {
                AllowedNamespaces = ["bank"],
            },
            [Make.Session(name: "first")],
            time: new Hurry()
        )
        {
            OnEvent = _ => Task.FromResult(Interlocked.Increment(ref broken) <= 2),
        };
        await world.Ready;
        await world.ReconcileAsync("first");
        Assert.Equal(["NamespaceNotAllowed", "NamespaceNotAllowed"], world.Events);
    }

    [Fact]
    public async Task Events_that_nobody_takes_keep_no_session_from_being_counted_and_finished()
    {
        using var recorded = new Recorded();
        await using var world = new ScriptedWorld(
            Make.Options with
            {
                MaxDuration = GoDuration.Parse("7s"),
            },
            [Make.Session(name: "first")],
            time: new Hurry()
        )
        {
            OnEvent = _ => Task.FromResult(true), // no answer at all
        };
        await world.Ready;
        Assert.Null((await world.ReconcileAsync("first")).RequeueAfter);
        Assert.Empty(world.Events);
        Assert.Equal(SessionPhase.Failed, world.Status("first").Phase);
        Assert.Equal([1.0], recorded.Of("hud_sessions_total", "reason=DurationTooLong"));
    }

    [Theory]
    [InlineData("nope", "10s", "ContainerAmbiguous")]
    [InlineData("app", "0s", "InvalidSpec")]
    public async Task What_was_expected_of_a_session_that_never_began_was_not_met(
        string container,
        string duration,
        string reason
    )
    {
        var spec = Make.Spec() with
        {
            Target = new TargetSpec { PodName = "checkout-0", ContainerName = container },
            Duration = GoDuration.Parse(duration),
            Expect = new ExpectSpec { MaxPoll = GoDuration.Parse("50ms") },
        };
        await using var world = new ScriptedWorld(Make.Options, [Make.Session(spec, name: "first")]);
        world.Targets["checkout-0"] = Make.TargetPod();
        await world.Ready;
        await world.ReconcileAsync("first");
        var status = world.Status("first");
        Assert.Equal(reason, status.Condition(ConditionTypes.Failed).Reason);
        Assert.Equal(
            ("False", ExpectationResult.ReasonNoData),
            (
                status.Condition(ConditionTypes.ExpectationsMet).Status,
                status.Condition(ConditionTypes.ExpectationsMet).Reason
            )
        );
    }

    // in one of these steps the status is below its bound without its results and above it with them
    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    [InlineData(120)]
    [InlineData(180)]
    [InlineData(240)]
    [InlineData(300)]
    [InlineData(360)]
    public async Task A_finished_run_fits_its_bound_results_and_all_and_is_measured(int advice)
    {
        using var recorded = new Recorded();
        var name = new string('f', 253);
        var first = Make.Session(
            Make.Spec() with
            {
                Output = new OutputSpec { TopHotspots = 50, Formats = [.. Enum.GetValues<OutputFormat>()] },
            },
            Make.Status(Make.Target(0)),
            name
        );
        await using var world = new ScriptedWorld(OneEach, [first], [AgentOf(first, Make.Ended())])
        {
            AgentLog = Log(advice),
        };
        await world.Ready;
        await Objects.UntilAsync(
            () =>
                world.ReconcileAsync(name).Result.RequeueAfter is null || world.Status(name).CompletionTime is not null,
            "the end"
        );
        Assert.Equal(Enum.GetValues<OutputFormat>().Length, world.Status(name).Results.Count);
        Assert.InRange(StatusSizeLimiter.Size(world.Status(name)), 1, StatusSizeLimiter.MaxBytes - 1);
        Assert.NotEmpty(world.Status(name).Hotspots);
        Assert.NotEmpty(recorded.Of("hud_completion_seconds"));
        Assert.Equal(2, recorded.Of("hud_stream_missing_lines_total").Sum());
    }

    /// <summary>The log of an agent that ran well, without its second and third line.</summary>
    private static byte[] Log(int advice)
    {
        var output = new MemoryStream();
        var writer = new AgentStreamWriter(output);
        writer.Write(new HelloMessage());
        writer.Write(new ProgressMessage());
        writer.Write(new ProgressMessage());
        writer.Write(new ProgressMessage());
        writer.WriteProfile(
            Make.Profile(Make.Target(0)) with
            {
                Hotspots =
                [
                    .. Enumerable
                        .Range(1, 50)
                        .Select(i => new Hotspot
                        {
                            Rank = i,
                            Function = new string('n', 250),
                            TotalNs = 1_000_000,
                            Advice = new string('a', advice),
                            Fingerprint = $"p{i}",
                        }),
                ],
            }
        );
        writer.Write(new EndMessage { Reason = "Completed" });
        var lines = Encoding.UTF8.GetString(output.ToArray()).Split('\n');
        return Encoding.UTF8.GetBytes(string.Join('\n', lines.Take(1).Concat(lines.Skip(3))));
    }
}
