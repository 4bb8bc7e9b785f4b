using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;
using Hud.Core.Api;
using YamlDotNet.RepresentationModel;

namespace Hud.ClusterTests;

/// <summary>
/// The CEL rules of the CRD, and the health check that the documentation gives to Flux, by an independent CEL. The server of our own cluster
/// is too old to know any.
/// </summary>
public sealed class RuleTests(Cluster cluster)
{
    private const string Changed = "a session cannot be changed, except suspend; create a new one under a new name";

    private static JsonNode Schema() =>
        Json(
            Yaml.Load(File.ReadAllText(Path.Combine(Repository.Root, "config/crd/hud.dev_profilingsessions.yaml")))[
                "spec"
            ]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
        )!;

    private static async Task<JsonArray> EvaluateAsync(JsonObject input) =>
        JsonNode
            .Parse((await Command.RunAsync("node", ["tests/cluster/cel/rules.mjs"], input.ToJsonString())).Ok("node"))!
            .AsArray();

    private static async Task<IReadOnlyList<string[]>> BrokenAsync(IEnumerable<(string Is, string? Was)> cases)
    {
        var input = new JsonObject
        {
            ["schema"] = Schema(),
            ["cases"] = new JsonArray([
                .. cases.Select(c =>
                    c.Was is null
                        ? new JsonObject { ["is"] = Spec(c.Is) }
                        : new JsonObject { ["is"] = Spec(c.Is), ["was"] = Spec(c.Was) }
                ),
            ]),
        };
        return [.. (await EvaluateAsync(input)).Select(m => m!.AsArray().Select(t => t!.GetValue<string>()).ToArray())];
    }

    [Fact]
    public async Task Each_bad_spec_is_refused_by_one_rule_in_the_validators_words()
    {
        cluster.Require();
        var ruled = SpecTests.Bad.Where(r => r.Sentence.Length > 0).ToList();
        Assert.InRange(ruled.Count, 30, 100);
        var broken = await BrokenAsync(ruled.Select(r => (r.Spec, (string?)null)));
        for (var i = 0; i < ruled.Count; i++)
            Assert.True(
                broken[i] is [var said] && said == ruled[i].Sentence,
                $"{ruled[i].Spec}: {string.Join("; ", broken[i])}"
            );
    }

    [Fact]
    public async Task Good_specs_break_no_rule()
    {
        cluster.Require();
        var samples = Directory
            .GetFiles(Path.Combine(Repository.Root, "config/samples"))
            .Select(f => Yaml.Load(File.ReadAllText(f))["spec"])
            .Select(s => Json(s)!.ToJsonString())
            .ToList();
        Assert.NotEmpty(samples);
        // a spec that is applied again is no change, and suspend may
        var cases = samples
            .Select(s => (s, (string?)null))
            .Concat(samples.Select(s => (s, (string?)s)))
            .Append(("target: {podName: p}\nsuspend: true", "target: {podName: p}"));
        Assert.All(await BrokenAsync(cases), Assert.Empty);
    }

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
    [InlineData("target: {podName: p}\nexpect: {maxPoll: 50ms}")]
    [InlineData("target: {podName: p}\nresultsTTL: 1h")]
    public async Task No_other_field_may_change(string becomes)
    {
        cluster.Require();
        foreach (var (@is, was) in new[] { (becomes, "target: {podName: p}"), ("target: {podName: p}", becomes) })
            Assert.Contains(Changed, (await BrokenAsync([(@is, was)])).Single());
    }

    [Fact]
    public async Task The_health_check_for_flux_tells_the_ends_of_a_session_apart()
    {
        cluster.Require();
        var check = Docs.Yaml("gitops.md", "healthCheckExprs:")["healthCheckExprs"][0];
        (string Conditions, bool Current, bool Failed)[] cases =
        [
            ("[{type: Complete, status: 'True'}]", true, false),
            ("[{type: Complete, status: 'True'}, {type: ExpectationsMet, status: 'True'}]", true, false),
            ("[{type: Complete, status: 'True'}, {type: ExpectationsMet, status: 'False'}]", false, true),
            ("[{type: Failed, status: 'True'}]", false, true),
            ("[{type: Reconciling, status: 'True'}]", false, false),
        ];
        foreach (var expression in (string[])["current", "failed"])
        {
            var answers = await EvaluateAsync(
                new JsonObject
                {
                    ["expression"] = check[expression].ToString(),
                    ["cases"] = new JsonArray([
                        .. cases.Select(c => new JsonObject
                        {
                            ["status"] = new JsonObject { ["conditions"] = Spec(c.Conditions) },
                        }),
                    ]),
                }
            );
            Assert.Equal(
                cases.Select(c => expression == "current" ? c.Current : c.Failed),
                answers.Select(a => a!.GetValue<bool>())
            );
        }
    }

    private static JsonNode Spec(string yaml) => Json(Yaml.Load(yaml))!;

    /// <summary>Plain scalars that look like numbers and booleans are such.</summary>
    private static JsonNode? Json(YamlNode node) =>
        node switch
        {
            YamlMappingNode map => new JsonObject(
                map.Children.Select(p => KeyValuePair.Create(p.Key.ToString(), Json(p.Value)))
            ),
            YamlSequenceNode list => new JsonArray([.. list.Select(Json)]),
            YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain, Value: "true" or "false" } flag =>
                JsonValue.Create(flag.Value == "true"),
            YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain } number
                when double.TryParse(number.Value, System.Globalization.CultureInfo.InvariantCulture, out var value) =>
                JsonValue.Create(value),
            _ => JsonValue.Create(((YamlScalarNode)node).Value),
        };
}
