using Hud.ClusterTests.Harness;
using Hud.Core.Api;
using YamlDotNet.RepresentationModel;

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

    /// <summary>A sentence of ours, which a rule or the operator says; the others are the server's own words about a bound of the schema.</summary>
    internal static bool BySentence(string sentence) => sentence.Contains("; ", StringComparison.Ordinal) || sentence.StartsWith("target.", StringComparison.Ordinal);

    [Fact]
    public async Task Each_bad_spec_is_refused_with_its_sentence()
    {
        await using var world = await World.CreateAsync(cluster);
        var rows = Bad().Select((row, i) => (Name: $"bad{i}", Spec: row.Data.Item1, Sentence: row.Data.Item2)).ToList();
        Assert.InRange(rows.Count, 25, 100);
        var wrong = await Task.WhenAll(rows.Select(async row =>
        {
            var applied = await cluster.KubectlWithAsync(World.SessionYaml(row.Name, row.Spec), "-n", world.Name, "apply", "-f", "-");
            if (applied.Code != 0)
                return applied.All.Contains(row.Sentence, StringComparison.OrdinalIgnoreCase) ? null : $"{row.Spec}: {applied.All.Trim()}";
            if (cluster.HasCel)
                return $"accepted: {row.Spec}";
            // a server without CEL takes what only a rule forbids; then the operator says the same
            var session = await world.FinishedAsync(row.Name);
            var accepted = World.Condition(session, "Accepted");
            return World.Outcome(session) == "Failed InvalidSpec" && accepted!.Value.Message.Contains(row.Sentence, StringComparison.Ordinal) ? null : $"{row.Spec}: {World.Outcome(session)}, {accepted}";
        }));
        Assert.Empty(wrong.OfType<string>());
        Assert.Empty(await cluster.AgentsOfAsync(world.Name));
    }

    [Fact]
    public async Task Every_sample_is_accepted()
    {
        await using var world = await World.CreateAsync(cluster);
        var samples = Directory.GetFiles(Path.Combine(Repository.Root, "config", "samples"), "*.yaml");
        Assert.NotEmpty(samples);
        foreach (var sample in samples)
        {
            (await world.KubectlAsync("apply", "-f", sample)).Ok(sample);
        }
        foreach (var session in await cluster.ListAsync("hud.dev/v1alpha1/profilingsessions", world.Name))
        {
            var name = session!["metadata"]!["name"]!.GetValue<string>();
            await World.UntilAsync($"word on sample {name}", 60, async () => World.Condition(await world.GetSessionAsync(name), "Accepted")?.Status == "True");
        }
    }

    [Fact]
    public async Task Explain_describes_every_field_of_spec_and_status()
    {
        cluster.Require();
        var yaml = new YamlStream();
        yaml.Load(new StringReader(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "config/crd/hud.dev_profilingsessions.yaml"))));
        var schema = yaml.Documents[0].RootNode["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
        var fields = Fields("spec", schema["spec"]).Concat(Fields("status", schema["status"])).ToList();
        Assert.InRange(fields.Count, 80, 400);
        var wrong = await Task.WhenAll(fields.Select(async f =>
        {
            var text = (await cluster.KubectlAsync("explain", "profilingsession." + f.Path)).All;
            // kubectl breaks lines where it likes
            return Words(text).Contains(Words(f.Description), StringComparison.Ordinal) ? null : $"{f.Path}: {text}";
        }));
        Assert.Empty(wrong.OfType<string>());
        Assert.Contains("from 1s to 30m", Words((await cluster.KubectlAsync("explain", "profilingsession.spec.duration")).Ok()), StringComparison.Ordinal);
    }

    private static string Words(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>The form of OpenAPI that servers before 1.24 answer with cannot say "or null": such a field is left out of what they explain.</summary>
    private IEnumerable<(string Path, string Description)> Fields(string path, YamlNode schema)
    {
        var map = (YamlMappingNode)schema;
        if (map.Children.TryGetValue("items", out var items))
            map = (YamlMappingNode)items;
        if (!map.Children.TryGetValue("properties", out var below))
            yield break;
        foreach (var (key, field) in ((YamlMappingNode)below).Children)
        {
            if (!cluster.HasOpenApi3 && ((YamlMappingNode)field).Children.ContainsKey("nullable"))
                continue;
            yield return ($"{path}.{key}", field["description"].ToString());
            foreach (var inner in Fields($"{path}.{key}", field))
                yield return inner;
        }
    }
}
