using Hud.ClusterTests.Harness;
using Hud.Core.Api;

namespace Hud.ClusterTests;

/// <summary>Bad specs are refused with a sentence that says what to do: by the API server where it can, else by the operator in the same words.</summary>
public sealed class SpecTests(Cluster cluster)
{
    private const string Ok = "target: {podName: p}";

    /// <summary>Spec, and what the user must read. A sentence of the schema where the schema itself refuses.</summary>
    public static TheoryData<string, string> Bad() => new()
    {
        { "target: {}", SessionMessages.OneSelector },
        { "target: {podName: p, podSelector: {matchLabels: {a: b}}}", SessionMessages.OneSelector },
        { "target: {podName: p, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: x}}", SessionMessages.OneSelector },
        { "target: {podSelector: {}}", SessionMessages.EmptySelector },
        { "target: {podSelector: {matchExpressions: [{key: a, operator: In}]}}", SessionMessages.SelectorValues },
        { "target: {podSelector: {matchExpressions: [{key: a, operator: Exists, values: [x]}]}}", SessionMessages.SelectorValues },
        { "target: {workloadRef: {apiVersion: batch/v1, kind: Deployment, name: x}}", SessionMessages.WorkloadKind },
        { "target: {workloadRef: {apiVersion: apps/v1, kind: Job, name: x}}", SessionMessages.WorkloadKind },
        { Ok + "\nduration: 100ms", SessionMessages.Duration },
        { Ok + "\nduration: 31m", SessionMessages.Duration },
        { Ok + "\nthreshold: 10us", SessionMessages.Threshold },
        { Ok + "\nthreshold: 11s", SessionMessages.Threshold },
        { Ok + "\nthreshold: 5s\nduration: 5s", SessionMessages.ThresholdBelowDuration },
        { Ok + "\nstartDeadline: 5s", SessionMessages.StartDeadline },
        { Ok + "\nstartDeadline: 31m", SessionMessages.StartDeadline },
        { Ok + "\nresultsTTL: 30s", SessionMessages.ResultsTtl },
        { Ok + "\nexpect: {}", SessionMessages.ExpectEmpty },
        { Ok + "\nexpect: {maxPoll: 10us}", SessionMessages.ExpectMaxPoll },
        { Ok + "\nduration: soon", "spec.duration" },
        { Ok + "\nduration: -5s", "spec.duration" },
        { Ok + "\nthreshold: 5", "spec.threshold" },
        { Ok + "\nsampleFrequencyHz: 0", "spec.sampleFrequencyHz" },
        { Ok + "\nsampleFrequencyHz: 1000", "less than or equal to 999" },
        { Ok + "\noverheadBudgetPercent: 0.01", "greater than or equal to 0.1" },
        { Ok + "\noverheadBudgetPercent: 11", "less than or equal to 10" },
        { Ok + "\noutput: {topHotspots: 51}", "less than or equal to 50" },
        { Ok + "\noutput: {formats: [Excel]}", "supported values" },
        { Ok + "\noutput: {formats: []}", "spec.output.formats" },
        { Ok + "\nworkerThreadNames: [this-name-is-too-long]", "spec.workerThreadNames" },
        { Ok + "\nexpect: {maxBlockedPercent: 101}", "less than or equal to 100" },
        { "target: {podName: Not_A_Name}", "spec.target.podName" },
        { "target: {podName: p, maxPods: 0}", "greater than or equal to 1" },
        { "target: {podName: p, maxPods: 101}", "less than or equal to 100" },
        { "target: {podName: p, processName: /usr/bin/x}", "spec.target.processName" },
        { "target: {podName: p, containerName: a_b}", "spec.target.containerName" },
        { "target: {podSelector: {matchExpressions: [{key: a, operator: Like}]}}", "supported values" },
        { "duration: 5s", "target" },
    };

    [Fact]
    public async Task Each_bad_spec_is_refused_with_its_sentence()
    {
        await using var world = await World.CreateAsync(cluster, Cluster.ScriptedAgent);
        var wrong = new List<string>();
        var pending = new List<(string Name, string Spec, string Sentence)>();
        var n = 0;
        foreach (var row in Bad())
        {
            var (spec, sentence) = row.Data;
            var name = "bad" + n++;
            var applied = await cluster.KubectlWithAsync(
                $"apiVersion: hud.dev/v1alpha1\nkind: ProfilingSession\nmetadata: {{name: {name}}}\nspec:\n{string.Join('\n', spec.Split('\n').Select(l => "  " + l))}\n",
                "-n", world.Name, "apply", "-f", "-");
            if (applied.Code == 0 && !cluster.HasCel)
                pending.Add((name, spec, sentence));
            else if (applied.Code == 0)
                wrong.Add($"accepted: {spec}");
            else if (!applied.All.Contains(sentence, StringComparison.OrdinalIgnoreCase))
                wrong.Add($"{spec}: {applied.All.Trim()}");
        }
        foreach (var (name, spec, sentence) in pending)
        {
            var session = await world.FinishedAsync(name);
            var accepted = World.Condition(session, "Accepted");
            if (World.Outcome(session) != "Failed InvalidSpec" || accepted?.Message.Contains(sentence, StringComparison.Ordinal) != true)
                wrong.Add($"{spec}: {World.Outcome(session)}, {accepted}");
        }
        Assert.Empty(wrong);
        Assert.InRange(n, 25, 100);
    }

    [Fact]
    public async Task Every_sample_is_accepted()
    {
        await using var world = await World.CreateAsync(cluster, Cluster.ScriptedAgent);
        var samples = Directory.GetFiles(Path.Combine(Repository.Root, "config", "samples"), "*.yaml");
        Assert.NotEmpty(samples);
        foreach (var sample in samples)
        {
            (await world.KubectlAsync("apply", "-f", sample)).Ok(sample);
        }
        foreach (var session in await cluster.ListAsync("hps", world.Name))
        {
            var name = session!["metadata"]!["name"]!.GetValue<string>();
            await World.UntilAsync($"word on sample {name}", 60, async () => World.Condition(await cluster.GetAsync("hps", name, world.Name), "Accepted")?.Status == "True");
        }
    }

    [Fact]
    public async Task Explain_shows_descriptions_of_every_field_of_the_spec()
    {
        cluster.Require();
        var text = (await cluster.KubectlAsync("explain", "profilingsession.spec", "--recursive")).Ok();
        foreach (var field in (string[])["podSelector", "workloadRef", "duration", "threshold", "overheadBudgetPercent", "resultsTTL", "maxBlockedPercent"])
            Assert.Contains(field, text, StringComparison.Ordinal);
        Assert.Contains("from 1s to 30m", (await cluster.KubectlAsync("explain", "profilingsession.spec.duration")).Ok(), StringComparison.Ordinal);
    }
}
