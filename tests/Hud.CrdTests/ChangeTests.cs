using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.CrdTests.Harness;
using Hud.Operator.Entities;
using Hud.Operator.Reconcile;

namespace Hud.CrdTests;

/// <summary>What may change after a session is created, and who owns what of it.</summary>
public sealed class ChangeTests(CrdServer server)
{
    private const string Changed = "a session cannot be changed, except suspend; create a new one under a new name";

    [Theory]
    [InlineData("target: {podName: q}")]
    [InlineData("target: {podName: p, processName: x}")]
    [InlineData("target: {podName: p}\nduration: 10s")]
    [InlineData("target: {podName: p}\nthreshold: 1ms")]
    [InlineData("target: {podName: p}\nsampleFrequencyHz: 49")]
    [InlineData("target: {podName: p}\nworkerThreadNames: [x]")]
    [InlineData("target: {podName: p}\noverheadBudgetPercent: 2")]
    [InlineData("target: {podName: p}\nstartDeadline: 5m")]
    [InlineData("target: {podName: p}\noutput: {topHotspots: 5}")]
    [InlineData("target: {podName: p}\noutput: {formats: [Page]}")]
    [InlineData("target: {podName: p}\nexpect: {maxPoll: 50ms}")]
    [InlineData("target: {podName: p}\nresultsTTL: 1h")]
    [InlineData("target: {podName: p}\nlookBack: 1m")]
    public async Task No_field_but_suspend_may_change(string other)
    {
        server.Require();
        foreach (var (before, after) in new[] { ("target: {podName: p}", other), (other, "target: {podName: p}") })
        {
            var name = Name();
            (await server.ApplyAsync(name, Manifest.Session(name, before), "tests")).Ok();
            var answer = await server.ApplyAsync(name, Manifest.Session(name, after), "tests");
            Assert.False(answer.IsOk, $"{before} -> {after}");
            Assert.Contains(Changed, answer.Body["message"]!.GetValue<string>(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Suspend_may_change_both_ways_and_applying_the_same_again_changes_nothing()
    {
        server.Require();
        var name = Name();
        var first = (await server.ApplyAsync(name, Manifest.Session(name, "target: {podName: p}"), "tests")).Ok();
        var again = (await server.ApplyAsync(name, Manifest.Session(name, "target: {podName: p}"), "tests")).Ok();
        // this server gives a new version to the same bytes; what the operator acts on is the generation
        first["metadata"]!["resourceVersion"] = again["metadata"]!["resourceVersion"]!.GetValue<string>();
        Assert.Equal(first.ToJsonString(), again.ToJsonString());
        Assert.Equal(1, again["metadata"]!["generation"]!.GetValue<long>());
        var suspended = (
            await server.ApplyAsync(name, Manifest.Session(name, "target: {podName: p}\nsuspend: true"), "tests")
        ).Ok();
        Assert.Equal(2, suspended["metadata"]!["generation"]!.GetValue<long>());
        (await server.ApplyAsync(name, Manifest.Session(name, "target: {podName: p}"), "tests")).Ok();
    }

    /// <summary>The one who applies the spec and the operator, who writes the status, do not meet: neither takes a field from the other.</summary>
    [Fact]
    public async Task Spec_and_status_have_an_owner_each()
    {
        server.Require();
        var name = Name();
        var manifest = Manifest.Session(name, "target: {podName: p}");
        (await server.ApplyAsync(name, manifest, "gitops")).Ok();
        var status = await server.MergeAsync(
            name,
            """{"spec": {"duration": "10s"}, "status": {"phase": "Pending", "conditions": [{"type": "Ready", "status": "False", "reason": "Waiting", "message": "m", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}""",
            "/status"
        );
        // a write of the status cannot reach the spec, not even where it names it
        Assert.Equal("60s", status.Ok()["spec"]!["duration"]!.GetValue<string>());
        Assert.Equal(1, status.Body["metadata"]!["generation"]!.GetValue<long>());
        var applied = (await server.ApplyAsync(name, manifest, "gitops")).Ok();
        Assert.Equal("Pending", applied["status"]!["phase"]!.GetValue<string>());
        // nor can a write of the spec reach the status
        var forged = await server.ApplyAsync(name, manifest + "status: {phase: Completed}\n", "gitops");
        Assert.Equal("Pending", forged.Ok()["status"]!["phase"]!.GetValue<string>());
        var owners = applied["metadata"]!["managedFields"]!
            .AsArray()
            .Select(m => (m!["manager"]!.GetValue<string>(), m["subresource"]?.GetValue<string>() ?? ""))
            .ToList();
        Assert.Contains(("gitops", ""), owners);
        Assert.Contains(owners, o => o.Item2 == "status");
    }

    [Fact]
    public async Task The_longest_wait_of_a_summary_is_kept_as_it_is_written_and_refused_out_of_bounds()
    {
        server.Require();
        var name = Name();
        (await server.CreateAsync(name, "target: {podName: p}")).Ok();
        var status = StatusJson.Write(
            new ProfilingSessionStatus
            {
                ObservedGeneration = 1,
                Summary = StatusProjection.Summary(
                    new ProfileSummary(),
                    [
                        new TaskProfile
                        {
                            Name = new string('t', 600),
                            Waits = new TaskWaits
                            {
                                Count = 3,
                                P99Ns = 62_000_000,
                                MaxNs = long.MaxValue,
                                Behind = [new WaitBehind { Function = new string('f', 600), Percent = 1e9 }],
                            },
                        },
                    ]
                ),
            }
        );
        var kept = await server.MergeAsync(name, $"{{\"status\": {status.GetRawText()}}}", "/status");
        Assert.True(
            JsonNode.DeepEquals(
                JsonNode.Parse(status.GetProperty("summary").GetRawText()),
                kept.Ok()["status"]!["summary"]
            ),
            kept.Body.ToJsonString()
        );
        foreach (
            var (field, value) in new[]
            {
                ("task", $"\"{new string('t', 513)}\""),
                ("behind", $"\"{new string('t', 513)}\""),
                ("p99", $"\"{new string('1', 33)}\""),
                ("max", "5"),
                ("behindPercent", "100.1"),
                ("behindPercent", "-1"),
            }
        )
        {
            var answer = await server.MergeAsync(
                name,
                $"{{\"status\": {{\"summary\": {{\"worstWait\": {{\"{field}\": {value}}}}}}}}}",
                "/status"
            );
            Assert.False(answer.IsOk, field);
            Assert.Contains(
                $"status.summary.worstWait.{field}",
                answer.Body["message"]!.GetValue<string>(),
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public async Task Two_who_apply_the_same_field_differently_get_a_conflict()
    {
        server.Require();
        var name = Name();
        (await server.ApplyAsync(name, Manifest.Session(name, "target: {podName: p}\nsuspend: true"), "first")).Ok();
        var answer = await server.ApplyAsync(
            name,
            Manifest.Session(name, "target: {podName: p}\nsuspend: false"),
            "second"
        );
        Assert.Equal(System.Net.HttpStatusCode.Conflict, answer.Code);
        Assert.Contains(
            answer.Causes,
            c => c.Field == ".spec.suspend" && c.Message.Contains("first", StringComparison.Ordinal)
        );
    }

    /// <summary>
    /// A session that an earlier definition took, and ours would not: what the operator has to write to end it, and its deletion, must pass.
    /// </summary>
    [Fact]
    public async Task A_session_that_an_earlier_definition_took_can_still_be_ended()
    {
        server.Require();
        var name = Name();
        var ours = await File.ReadAllTextAsync(
            Path.Combine(Repository.Root, "config/crd/hud.dev_profilingsessions.yaml")
        );
        var definition = Manifest.Json(Yaml.Load(ours))!;
        // as on a server that knows no rules
        Lenient(definition);
        (await server.InstallAsync(definition.ToJsonString())).Ok();
        try
        {
            await CreateUntilTakenAsync(name, "target: {}\nduration: 100ms\nthreshold: 5 ms\nstartDeadline: soon");
        }
        finally
        {
            (await server.InstallAsync(ours)).Ok();
        }
        for (var i = 0; (await server.CreateAsync("other", "target: {}", dryRun: true)).IsOk; i++)
        {
            Assert.True(i < 100, "the definition does not come into force");
            await Task.Delay(100);
        }
        (await server.MergeAsync(name, """{"metadata": {"finalizers": ["hud.dev/agents"]}}""")).Ok("a finalizer");
        (await server.MergeAsync(name, """{"status": {"phase": "Failed", "observedGeneration": 1}}""", "/status")).Ok(
            "the status"
        );
        (await server.MergeAsync(name, """{"spec": {"suspend": true}}""")).Ok("suspend");
        (await server.MergeAsync(name, """{"metadata": {"labels": {"a": "b"}}}""")).Ok("a label");
        (await server.MergeAsync(name, """{"metadata": {"finalizers": null}}""")).Ok("no finalizer");
        (await server.DeleteAsync(name)).Ok("deletion");
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await server.GetAsync(name)).Code);
    }

    private async Task CreateUntilTakenAsync(string name, string spec)
    {
        for (var i = 0; ; i++)
        {
            var answer = await server.CreateAsync(name, spec);
            if (answer.IsOk)
                return;
            Assert.True(i < 100, answer.Body.ToJsonString());
            await Task.Delay(100);
        }
    }

    private static void Lenient(JsonNode? node)
    {
        if (node is JsonObject fields)
        {
            fields.Remove("x-kubernetes-validations");
            foreach (var (_, value) in fields)
                Lenient(value);
        }
        else if (node is JsonArray list)
        {
            foreach (var item in list)
                Lenient(item);
        }
    }

    private static string Name() => "s" + Guid.NewGuid().ToString("N")[..8];
}
