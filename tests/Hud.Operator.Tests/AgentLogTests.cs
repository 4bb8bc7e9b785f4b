using System.Text;
using Hud.Core.Api;
using Hud.Core.Stream;
using Hud.Kubernetes;
using Hud.Kubernetes.Tests.Scripted;
using Hud.Operator.Entities;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;
using Hud.Operator.Streams;
using Hud.Operator.Tests.Scripted;
using k8s.Models;

namespace Hud.Operator.Tests;

/// <summary>Logs that cannot be read, break off, begin anew or are not one: only the pod store says that an agent is gone.</summary>
public sealed class AgentLogTests
{
    private const string Name = "first";

    private static readonly SessionEntity Session = Make.Session(status: Make.Status(Make.Target(0)), name: Name);

    private static V1Pod Agent(V1Pod pod)
    {
        pod.Metadata = new V1ObjectMeta
        {
            Name = Names.AgentPod(Session.Uid, "n1"),
            NamespaceProperty = Make.Options.Namespace,
            Uid = "agent-1",
            Labels = new Dictionary<string, string>(StringComparer.Ordinal) { [Names.SessionUidLabel] = Session.Uid },
        };
        return pod;
    }

    private static SessionEntity Running() => Make.Session(status: Make.Status(Make.Target(0)), name: Name);

    /// <summary>The lines of an agent that ran well.</summary>
    private static string[] Lines()
    {
        var output = new MemoryStream();
        var writer = new AgentStreamWriter(output);
        writer.Write(new HelloMessage());
        for (var i = 0; i < 4; i++)
            writer.Write(new ProgressMessage());
        writer.WriteProfile(Make.Profile(Make.Target(0)));
        writer.Write(new EndMessage { Reason = "Completed" });
        return
        [
            .. Encoding.UTF8.GetString(output.ToArray()).Split('\n').Where(l => l.Length > 0).Select(l => l + "\n"),
        ];
    }

    private static async Task<ProfilingSessionStatus> EndAsync(ScriptedWorld world)
    {
        await Objects.UntilAsync(
            () =>
            {
                world.ReconcileAsync(Name).Wait();
                return world.Status(Name).CompletionTime is not null;
            },
            "the end"
        );
        return world.Status(Name);
    }

    private static async Task LogAsync(Answer answer, IEnumerable<string> lines)
    {
        await answer.StreamAsync();
        await answer.RawAsync(string.Concat(lines));
    }

    [Theory]
    [InlineData(400, true)]
    [InlineData(401, true)]
    [InlineData(403, true)]
    [InlineData(404, true)] // what a kubelet says of its pods in the first moments after a restart
    [InlineData(404, false)]
    [InlineData(429, true)]
    [InlineData(500, true)]
    [InlineData(502, false)]
    [InlineData(503, true)]
    [InlineData(504, false)]
    public async Task An_error_is_no_end_and_the_log_is_read_when_it_can_be(int code, bool runs)
    {
        var readings = 0;
        await using var world = new ScriptedWorld(
            Make.Options,
            [Running()],
            [Agent(runs ? Make.Running() : Make.Ended())],
            new Hurry()
        )
        {
            OnLog = answer =>
                Interlocked.Increment(ref readings) <= 12
                    ? answer.ErrorAsync(code, "Whatever", "the server could not do it")
                    : LogAsync(answer, Lines()),
        };
        await world.Ready;
        var status = await EndAsync(world);
        Assert.Equal("AllTargetsProfiled", status.Condition(ConditionTypes.Complete).Reason);
        Assert.Equal("True", status.Condition(ConditionTypes.ResultsComplete).Status);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(413)]
    [InlineData(422)]
    public async Task A_result_that_the_server_will_not_have_ends_the_session_in_its_words(int code)
    {
        await using var world = new ScriptedWorld(Make.Options, [Running()], [Agent(Make.Ended())], new Hurry())
        {
            OnLog = answer => LogAsync(answer, Lines()),
            OnResult = answer => answer.ErrorAsync(code, "Forbidden", "exceeded quota: objects"),
        };
        await world.Ready;
        var status = await EndAsync(world);
        Assert.Equal("AllTargetsProfiled", status.Condition(ConditionTypes.Complete).Reason);
        var stored = status.Condition(ConditionTypes.ResultsComplete);
        Assert.Equal(("False", "ResultsRefused"), (stored.Status, stored.Reason));
        Assert.Contains("exceeded quota: objects", stored.Message, StringComparison.Ordinal);
        Assert.Empty(status.Results);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_connection_that_breaks_off_is_made_again_and_nothing_counts_as_lost(int whole)
    {
        var lines = Lines();
        var readings = 0;
        await using var world = new ScriptedWorld(Make.Options, [Running()], [Agent(Make.Running())], new Hurry())
        {
            OnLog = answer =>
                Interlocked.Increment(ref readings) switch
                {
                    1 => Task.CompletedTask, // closed without an answer
                    < 10 => LogAsync(answer, [.. lines.Take(whole), lines[whole][..5]]),
                    _ => LogAsync(answer, lines),
                },
        };
        await world.Ready;
        var status = await EndAsync(world);
        Assert.Equal("AllTargetsProfiled", status.Condition(ConditionTypes.Complete).Reason);
        Assert.Equal("True", status.Condition(ConditionTypes.ResultsComplete).Status);
    }

    [Fact]
    public async Task A_log_that_begins_anew_in_mid_run_goes_on_where_it_was()
    {
        var lines = Lines();
        var readings = 0;
        await using var world = new ScriptedWorld(Make.Options, [Running()], [Agent(Make.Running())], new Hurry())
        {
            // as the kubelet serves it after a rotation: the newest file alone
            OnLog = answer =>
                Interlocked.Increment(ref readings) == 1
                    ? LogAsync(answer, lines.Take(4))
                    : LogAsync(answer, lines.Skip(4)),
        };
        await world.Ready;
        var status = await EndAsync(world);
        Assert.Equal("AllTargetsProfiled", status.Condition(ConditionTypes.Complete).Reason);
        Assert.Equal("True", status.Condition(ConditionTypes.ResultsComplete).Status);
    }

    [Theory]
    [InlineData("unable to retrieve container logs for containerd://c0\n")]
    [InlineData("")]
    [InlineData(null)] // shorter than it was
    public async Task What_is_served_in_the_place_of_an_ended_agents_log_is_not_the_end_of_it(string? excuse)
    {
        var lines = Lines();
        var readings = 0;
        await using var world = new ScriptedWorld(Make.Options, [Running()], [Agent(Make.Ended())], new Hurry())
        {
            OnLog = answer =>
                Interlocked.Increment(ref readings) switch
                {
                    1 => LogAsync(answer, lines.Take(3)),
                    < LogEnd.Readings => LogAsync(answer, excuse is null ? lines.Take(2) : [excuse]),
                    _ => LogAsync(answer, lines),
                },
        };
        await world.Ready;
        var status = await EndAsync(world);
        Assert.Equal("AllTargetsProfiled", status.Condition(ConditionTypes.Complete).Reason);
        Assert.Equal("True", status.Condition(ConditionTypes.ResultsComplete).Status);
    }

    [Fact]
    public async Task A_pod_that_the_store_has_no_more_is_gone()
    {
        var agent = Agent(Make.Running());
        await using var world = new ScriptedWorld(Make.Options, [Running()], [agent], new Hurry())
        {
            OnLog = async answer =>
            {
                await answer.StreamAsync();
                await answer.RawAsync(string.Concat(Lines().Take(3)));
            },
        };
        await world.Ready;
        await Objects.UntilAsync(
            () =>
            {
                world.ReconcileAsync(Name).Wait();
                return world.Status(Name).Phase == SessionPhase.Profiling;
            },
            "the agent's first words"
        );
        await world.SendAgentAsync("DELETED", agent);
        var status = await EndAsync(world);
        Assert.Equal("AgentCrashed", status.Condition(ConditionTypes.Failed).Reason);
        Assert.Contains("is gone", status.Condition(ConditionTypes.Failed).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_that_crashed_is_not_waited_for()
    {
        var readings = 0;
        await using var world = new ScriptedWorld(Make.Options, [Running()], [Agent(Make.Ended(137))], new Hurry())
        {
            OnLog = answer =>
            {
                Interlocked.Increment(ref readings);
                return LogAsync(answer, Lines().Take(3));
            },
        };
        await world.Ready;
        var status = await EndAsync(world);
        Assert.Equal("AgentCrashed", status.Condition(ConditionTypes.Failed).Reason);
        Assert.Equal(1, readings);
    }

    [Fact]
    public void A_log_that_cannot_be_read_until_the_deadline_ends_the_session_with_the_reason()
    {
        var status = Make.Status(Make.Target(0, state: TargetState.Running));
        var stream = Make.Measuring() with { Trouble = "the kubelet does not answer" };
        var waits = SessionDecider.Decide(Make.Observation(status, [Make.Agent(Make.Ended(), stream)], after: 60));
        Assert.False(waits.Finished);
        Assert.Contains(
            "the kubelet does not answer",
            waits.Status.Condition(ConditionTypes.Reconciling).Message,
            StringComparison.Ordinal
        );
        var late = SessionDecider.Decide(Make.Observation(status, [Make.Agent(Make.Ended(), stream)], after: 3600));
        Assert.True(late.Finished);
        Assert.Equal("Timeout", late.Status.Condition(ConditionTypes.Failed).Reason);
        Assert.Contains(
            "the kubelet does not answer",
            late.Status.Condition(ConditionTypes.Failed).Message,
            StringComparison.Ordinal
        );
    }
}
