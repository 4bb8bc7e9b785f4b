using Hud.ClusterTests.Harness;
using Hud.Core.Api;
using YamlDotNet.RepresentationModel;

namespace Hud.ClusterTests;

/// <summary>Bad specs are refused with a sentence that says what to do: by the API server where it can, else by the operator in the same words.</summary>
public sealed class SpecTests(Cluster cluster)
{
    private const string Ok = "target: {podName: p}";

    /// <summary>
    /// A spec, and what the user reads. What the schema itself can say in plain words (a range, a list, a length, a type) it says on every
    /// server; our own sentence comes from a rule, after those words or alone, and from the operator where the server knows no rules.
    /// </summary>
    /// <param name="Sentence">Ours; empty where a server stops at its own words, before it comes to rules.</param>
    /// <param name="Server">Words of the schema's refusal: the field, and what is allowed.</param>
    internal sealed record Row(string Spec, string Sentence, params string[] Server);

    internal static readonly Row[] Bad =
    [
        new("target: {}", SessionMessages.OneSelector),
        new("target: {podName: p, podSelector: {matchLabels: {a: b}}}", SessionMessages.OneSelector),
        new(
            "target: {podName: p, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: x}}",
            SessionMessages.OneSelector
        ),
        new("target: {podSelector: {}}", SessionMessages.EmptySelector),
        new("target: {podSelector: {matchExpressions: [{key: a, operator: In}]}}", SessionMessages.SelectorValues),
        new(
            "target: {podSelector: {matchExpressions: [{key: a, operator: Exists, values: [x]}]}}",
            SessionMessages.SelectorValues
        ),
        new(
            "target: {podSelector: {matchExpressions: [{key: a, operator: Like}]}}",
            "",
            "spec.target.podSelector.matchExpressions",
            "operator: Unsupported value",
            "supported values",
            "\"In\", \"NotIn\"",
            "DoesNotExist"
        ),
        new("target: {workloadRef: {apiVersion: batch/v1, kind: Deployment, name: x}}", SessionMessages.WorkloadKind),
        new("target: {workloadRef: {apiVersion: apps/v1, kind: Job, name: x}}", SessionMessages.WorkloadKind),
        new(
            "target: {workloadRef: {apiVersion: v1, kind: ReplicationController, name: x}}",
            "",
            "spec.target.workloadRef.kind",
            "supported values",
            "Deployment",
            "StatefulSet",
            "DaemonSet",
            "ReplicaSet",
            "Job",
            "CronJob"
        ),
        new("target: {podSelector: {matchLabels: {'bad key!': x}}}", SessionMessages.SelectorLabel),
        new("target: {podSelector: {matchLabels: {a: 'x y'}}}", SessionMessages.SelectorLabel),
        new("target: {podSelector: {matchLabels: {'a/b/c': x}}}", SessionMessages.SelectorLabel),
        new(
            "target: {podSelector: {matchExpressions: [{key: 'bad key!', operator: Exists}]}}",
            SessionMessages.SelectorLabel
        ),
        new(
            "target: {podSelector: {matchExpressions: [{key: a, operator: In, values: [b, '-c']}]}}",
            SessionMessages.SelectorLabel
        ),
        new(Ok + "\nduration: 3000000h", SessionMessages.Duration),
        new("target: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: ../x}}", SessionMessages.WorkloadName),
        new("target: {podName: Not_A_Name}", SessionMessages.PodName),
        new("target: {podName: p, processName: /usr/bin/x}", SessionMessages.ProcessName),
        new(
            "target: {podName: p, processName: ''}",
            SessionMessages.ProcessName,
            "spec.target.processName in body should be at least 1 chars long"
        ),
        new("target: {podName: p, containerName: a_b}", SessionMessages.ContainerName),
        new(
            "target: {podName: p, maxPods: 0}",
            SessionMessages.MaxPods,
            "spec.target.maxPods in body should be greater than or equal to 1"
        ),
        new(
            "target: {podName: p, maxPods: 101}",
            SessionMessages.MaxPods,
            "spec.target.maxPods in body should be less than or equal to 100"
        ),
        new(Ok + "\nduration: 100ms", SessionMessages.Duration),
        new(Ok + "\nduration: 31m", SessionMessages.Duration),
        new(Ok + "\nduration: soon", SessionMessages.Duration),
        new(Ok + "\nduration: -5s", SessionMessages.Duration),
        new(Ok + "\nduration: ''", SessionMessages.Duration),
        new(Ok + "\nthreshold: 10us", SessionMessages.Threshold),
        new(Ok + "\nthreshold: 11s", SessionMessages.Threshold),
        new(Ok + "\nthreshold: 5 ms", SessionMessages.Threshold),
        new(Ok + "\nthreshold: 5", "", "spec.threshold", "must be of type string"),
        new(Ok + "\nthreshold: 5s\nduration: 5s", SessionMessages.ThresholdBelowDuration),
        new(Ok + "\nstartDeadline: 5s", SessionMessages.StartDeadline),
        new(Ok + "\nstartDeadline: 31m", SessionMessages.StartDeadline),
        new(Ok + "\nresultsTTL: 30s", SessionMessages.ResultsTtl),
        new(Ok + "\nresultsTTL: a week", SessionMessages.ResultsTtl),
        new(Ok + "\nexpect: {}", SessionMessages.ExpectEmpty),
        new(Ok + "\nexpect: {maxPoll: 10us}", SessionMessages.ExpectMaxPoll),
        new(Ok + "\nexpect: {maxPoll: never}", SessionMessages.ExpectMaxPoll),
        new(
            Ok + "\nexpect: {maxBlockedPercent: 101}",
            SessionMessages.ExpectMaxBlockedPercent,
            "spec.expect.maxBlockedPercent in body should be less than or equal to 100"
        ),
        new(
            Ok + "\nsampleFrequencyHz: 0",
            SessionMessages.Frequency,
            "spec.sampleFrequencyHz in body should be greater than or equal to 1"
        ),
        new(
            Ok + "\nsampleFrequencyHz: 1000",
            SessionMessages.Frequency,
            "spec.sampleFrequencyHz in body should be less than or equal to 999"
        ),
        new(
            Ok + "\noverheadBudgetPercent: 0.01",
            SessionMessages.Budget,
            "spec.overheadBudgetPercent in body should be greater than or equal to 0.1"
        ),
        new(
            Ok + "\noverheadBudgetPercent: 11",
            SessionMessages.Budget,
            "spec.overheadBudgetPercent in body should be less than or equal to 10"
        ),
        new(
            Ok + "\noutput: {topHotspots: 0}",
            SessionMessages.TopHotspots,
            "spec.output.topHotspots in body should be greater than or equal to 1"
        ),
        new(
            Ok + "\noutput: {topHotspots: 51}",
            SessionMessages.TopHotspots,
            "spec.output.topHotspots in body should be less than or equal to 50"
        ),
        new(
            Ok + "\noutput: {formats: [Excel]}",
            "",
            "spec.output.formats",
            "supported values",
            "Report",
            "Page",
            "FlameGraph",
            "Pprof",
            "ChromeTrace",
            "Folded",
            "Speedscope"
        ),
        new(
            Ok + "\noutput: {formats: []}",
            SessionMessages.Formats,
            "spec.output.formats in body should have at least 1 items"
        ),
        // "should be at most 15 chars long", in later versions "may not be more than 15 bytes"; later versions also count the entries of lists
        new(Ok + "\nworkerThreadNames: [this-name-is-too-long]", "", "spec.workerThreadNames", " 15 "),
        // "missing required field "target"", in later versions "spec.target: Required value"
        new("duration: 5s", "", "required", "target"),
    ];

    [Fact]
    public async Task Each_bad_spec_is_refused_with_its_sentence()
    {
        await using var world = await World.CreateAsync(cluster);
        Assert.InRange(Bad.Length, 25, 100);
        var wrong = await Task.WhenAll(
            Bad.Select(
                async (row, i) =>
                {
                    var (name, words) = (
                        $"bad{i}",
                        cluster.HasCel && row.Sentence.Length > 0 ? [.. row.Server, row.Sentence] : row.Server
                    );
                    var applied = await cluster.KubectlWithAsync(
                        World.SessionYaml(name, row.Spec),
                        "-n",
                        world.Name,
                        "apply",
                        "-f",
                        "-"
                    );
                    if (words.Length > 0)
                        return
                            applied.Code != 0
                            && words.All(w => applied.All.Contains(w, StringComparison.OrdinalIgnoreCase))
                            ? null
                            : $"{row.Spec}: {applied.All.Trim()}";
                    // a server without CEL takes what only a rule forbids; then the operator says it
                    if (applied.Code != 0)
                        return $"{row.Spec}: {applied.All.Trim()}";
                    var session = await world.FinishedAsync(name);
                    return
                        World.Outcome(session) == "Failed InvalidSpec"
                        && World.Condition(session, "Accepted") is ("False", "InvalidSpec", var said)
                        && said == row.Sentence
                        ? null
                        : $"{row.Spec}: {World.Outcome(session)}, {World.Condition(session, "Accepted")}";
                }
            )
        );
        Assert.True(Array.TrueForAll(wrong, w => w is null), string.Join('\n', wrong.OfType<string>()));
        Assert.Empty(await cluster.AgentsOfAsync(world.Name));
    }

    [Fact]
    public async Task A_field_that_is_null_is_one_that_is_left_out()
    {
        await using var world = await World.CreateAsync(cluster);
        // old servers publish their schema in a form by which kubectl itself refuses null
        string[] validate = cluster.HasOpenApi3 ? [] : ["--validate=false"];
        (
            await cluster.KubectlWithAsync(
                World.SessionYaml("s", Ok + "\nsuspend: true\nresultsTTL: null\nexpect: null"),
                ["-n", world.Name, "apply", .. validate, "-f", "-"]
            )
        ).Ok();
        await World.UntilAsync(
            "word on the session",
            60,
            async () => World.Condition(await world.GetSessionAsync("s"), "Accepted")?.Status == "True"
        );
        var spec = (await world.GetSessionAsync("s"))!["spec"]!.AsObject();
        Assert.Equal((false, false), (spec.ContainsKey("resultsTTL"), spec.ContainsKey("expect")));
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
            await World.UntilAsync(
                $"word on sample {name}",
                60,
                async () => World.Condition(await world.GetSessionAsync(name), "Accepted")?.Status == "True"
            );
        }
    }

    [Fact]
    public async Task Explain_describes_every_field_of_spec_and_status()
    {
        cluster.Require();
        var yaml = new YamlStream();
        yaml.Load(
            new StringReader(
                await File.ReadAllTextAsync(Path.Combine(Repository.Root, "config/crd/hud.dev_profilingsessions.yaml"))
            )
        );
        var schema = yaml.Documents[0].RootNode["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
        var fields = Fields("spec", schema["spec"]).Concat(Fields("status", schema["status"])).ToList();
        Assert.InRange(fields.Count, 80, 400);
        var wrong = await Task.WhenAll(
            fields.Select(async f =>
            {
                var text = (await cluster.KubectlAsync("explain", "profilingsession." + f.Path)).All;
                // kubectl breaks lines where it likes
                return Words(text).Contains(Words(f.Description), StringComparison.Ordinal)
                    ? null
                    : $"{f.Path}: {text}";
            })
        );
        Assert.Empty(wrong.OfType<string>());
        // a server tells the bounds of durations in words only
        Assert.Contains(
            "from 1s to 30m",
            Words((await cluster.KubectlAsync("explain", "profilingsession.spec.duration")).Ok()),
            StringComparison.Ordinal
        );
    }

    private static string Words(string text) =>
        string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static IEnumerable<(string Path, string Description)> Fields(string path, YamlNode schema)
    {
        var map = (YamlMappingNode)schema;
        if (map.Children.TryGetValue("items", out var items))
            map = (YamlMappingNode)items;
        if (!map.Children.TryGetValue("properties", out var below))
            yield break;
        foreach (var (key, field) in ((YamlMappingNode)below).Children)
        {
            yield return ($"{path}.{key}", field["description"].ToString());
            foreach (var inner in Fields($"{path}.{key}", field))
                yield return inner;
        }
    }
}
