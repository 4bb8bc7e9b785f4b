using Hud.ClusterTests.Harness;
using Hud.CrdTests;
using YamlDotNet.RepresentationModel;

namespace Hud.ClusterTests;

/// <summary>Bad specs are refused with a sentence that says what to do: by the API server where it can, else by the operator in the same words.</summary>
public sealed class SpecTests(Cluster cluster)
{
    private const string Ok = "target: {podName: p}";

    [Fact]
    public async Task Each_bad_spec_is_refused_with_its_sentence()
    {
        await using var world = await World.CreateAsync(cluster);
        Assert.InRange(BadSpecs.All.Length, 25, 100);
        var wrong = await Task.WhenAll(
            BadSpecs.All.Select(
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

    [Theory]
    [InlineData("profilingsession", "profilingsessions", 80)]
    [InlineData("profilingpolicy", "profilingpolicies", 30)]
    public async Task Explain_describes_every_field_of_spec_and_status(string kind, string plural, int least)
    {
        cluster.Require();
        var yaml = new YamlStream();
        yaml.Load(
            new StringReader(
                await File.ReadAllTextAsync(Path.Combine(Repository.Root, $"config/crd/hud.dev_{plural}.yaml"))
            )
        );
        var schema = yaml.Documents[0].RootNode["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
        // a policy's session is that of a session
        var fields = Fields("spec", schema["spec"])
            .Concat(Fields("status", schema["status"]))
            .Where(f => !f.Path.StartsWith("spec.session.", StringComparison.Ordinal))
            .ToList();
        Assert.InRange(fields.Count, least, 400);
        var wrong = await Task.WhenAll(
            fields.Select(async f =>
            {
                var text = (await cluster.KubectlAsync("explain", $"{kind}.{f.Path}")).All;
                // kubectl breaks lines where it likes
                return Words(text).Contains(Words(f.Description), StringComparison.Ordinal)
                    ? null
                    : $"{f.Path}: {text}";
            })
        );
        Assert.Empty(wrong.OfType<string>());
        // a server states the bounds of durations in words only
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
