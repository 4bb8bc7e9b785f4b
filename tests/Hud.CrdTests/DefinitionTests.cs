using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;
using Hud.CrdTests.Harness;
using YamlDotNet.RepresentationModel;

namespace Hud.CrdTests;

/// <summary>The definition itself: how the server reads it, and what judging by it costs.</summary>
public sealed class DefinitionTests(CrdServer server)
{
    private static string Text(string plural = "profilingsessions") =>
        File.ReadAllText(Path.Combine(Repository.Root, $"config/crd/hud.dev_{plural}.yaml"));

    [Theory]
    [InlineData("profilingsessions", "profilingsession", "ProfilingSession", "hps")]
    [InlineData("profilingpolicies", "profilingpolicy", "ProfilingPolicy", "hpp")]
    public async Task The_schema_is_structural_and_every_keyword_is_one_the_server_knows(
        string plural,
        string singular,
        string kind,
        string shortName
    )
    {
        server.Require();
        var definition = await server.DefinitionAsync(plural);
        var conditions = definition.Ok()["status"]!["conditions"]!.AsArray();
        Assert.Equal(
            ["Established", "NamesAccepted"],
            conditions
                .Where(c => c!["status"]!.GetValue<string>() == "True")
                .Select(c => c!["type"]!.GetValue<string>())
                .Order(StringComparer.Ordinal)
        );
        // strict: an unknown or misspelt keyword is an error, not a thing to leave out
        var judged = await server.JudgeDefinitionAsync(
            Text(plural)
                .Replace(plural, "others", StringComparison.Ordinal)
                .Replace(singular, "other", StringComparison.Ordinal)
                .Replace(kind, "Other", StringComparison.Ordinal)
                .Replace(shortName, "hpo", StringComparison.Ordinal)
        );
        judged.Ok("a definition like ours");
        Assert.Empty(judged.Warnings);
        // and what it keeps is what the file says
        var kept = definition.Body["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!;
        var written = Manifest.Json(Yaml.Load(Text(plural))["spec"]["versions"][0]["schema"]["openAPIV3Schema"])!;
        Assert.Equal([], Differences("", written, kept));
    }

    private static IEnumerable<string> Differences(string path, JsonNode? written, JsonNode? kept)
    {
        if (written is JsonObject fields)
        {
            foreach (var (name, value) in fields)
            {
                foreach (var difference in Differences($"{path}.{name}", value, (kept as JsonObject)?[name]))
                    yield return difference;
            }
        }
        else if (written is JsonArray list)
        {
            for (var i = 0; i < list.Count; i++)
            {
                foreach (
                    var difference in Differences($"{path}[{i}]", list[i], (kept as JsonArray)?.ElementAtOrDefault(i))
                )
                    yield return difference;
            }
        }
        else if (!JsonNode.DeepEquals(written, kept))
        {
            yield return $"{path}: {written?.ToJsonString()} is kept as {kept?.ToJsonString()}";
        }
    }

    /// <summary>
    /// The server adds up what the rules may cost at the most, from the bounds of the schema, and refuses a definition past its limit. A list of
    /// sessions multiplies that: a definition with so many specs in one object still passes, so one has so much room.
    /// </summary>
    [Theory]
    [InlineData("profilingsessions")]
    [InlineData("profilingpolicies")]
    public async Task The_rules_cost_less_than_a_tenth_of_what_the_server_allows(string plural)
    {
        server.Require();
        (await server.JudgeDefinitionAsync(Many(10, plural))).Ok("ten specs in one object");
        var refused = await server.JudgeDefinitionAsync(Many(100_000, plural));
        Assert.False(refused.IsOk);
        Assert.Contains("cost", refused.Body["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    /// <summary>A definition whose objects hold up to so many specs of ours.</summary>
    private static string Many(int specs, string plural)
    {
        var spec = Manifest.Json(
            Yaml.Load(Text(plural))["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
        )!;
        // a rule about a change needs to know which entry was which
        Strip(spec);
        return $$"""
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: manies.tests.hud.dev}
            spec:
              group: tests.hud.dev
              scope: Namespaced
              names: {kind: Many, plural: manies}
              versions:
              - name: v1
                served: true
                storage: true
                schema:
                  openAPIV3Schema:
                    type: object
                    properties:
                      specs:
                        type: array
                        maxItems: {{specs}}
                        items: {{spec.ToJsonString()}}
            """;
    }

    private static void Strip(JsonNode? node)
    {
        if (node is JsonObject fields)
        {
            if (fields["x-kubernetes-validations"] is JsonArray rules)
            {
                foreach (
                    var rule in rules
                        .Where(r => r!["rule"]!.GetValue<string>().Contains("oldSelf", StringComparison.Ordinal))
                        .ToList()
                )
                    rules.Remove(rule);
            }
            foreach (var (_, value) in fields)
                Strip(value);
        }
        else if (node is JsonArray list)
        {
            foreach (var item in list)
                Strip(item);
        }
    }

    /// <summary>The largest spec that the schema lets pass is judged within what a request may cost.</summary>
    [Fact]
    public async Task The_largest_spec_is_judged_and_taken()
    {
        server.Require();
        var value = new string('v', 63);
        string Key(int i) =>
            new string('d', 60) + "." + new string('d', 60) + "." + new string('d', 60) + "/" + new string('k', 60) + i;
        var labels = string.Join(", ", Enumerable.Range(0, 32).Select(i => $"{Key(i)}: {value}"));
        var values = string.Join(", ", Enumerable.Range(0, 64).Select(i => $"{value[..60]}{i}"));
        var expressions = string.Join(
            ", ",
            Enumerable.Range(0, 32).Select(i => $"{{key: {Key(i)}, operator: In, values: [{values}]}}")
        );
        (
            await server.CreateAsync(
                "large",
                $"target: {{podSelector: {{matchLabels: {{{labels}}}, matchExpressions: [{expressions}]}}, processName: {new string('x', 255)}}}\nworkerThreadNames: [{string.Join(", ", Enumerable.Range(0, 16).Select(i => $"worker-{i}"))}]",
                dryRun: true
            )
        ).Ok();
    }

    [Fact]
    public async Task Every_sample_and_every_example_of_the_documentation_is_taken()
    {
        server.Require();
        var samples = Directory.GetFiles(Path.Combine(Repository.Root, "config/samples"), "*.yaml");
        Assert.NotEmpty(samples);
        foreach (var sample in samples)
        {
            var manifest = Yaml.Load(await File.ReadAllTextAsync(sample));
            var spec = Manifest.Json(manifest["spec"])!.ToJsonString();
            var answer =
                manifest["kind"].ToString() == "ProfilingPolicy"
                    ? await server.CreatePolicyAsync("sample", spec, dryRun: true)
                    : await server.CreateAsync("sample", spec, dryRun: true);
            answer.Ok(sample);
            Assert.Empty(answer.Warnings);
        }
    }

    /// <summary>The health check that the documentation gives to Flux, which evaluates CEL as this server does.</summary>
    [Fact]
    public async Task The_health_check_for_flux_distinguishes_the_ends_of_a_session()
    {
        server.Require();
        await FluxAsync(
            Docs.Yaml("gitops.md", "healthCheckExprs:")["healthCheckExprs"][0],
            "session",
            [
                ("[{type: Complete, status: 'True'}]", true, false),
                ("[{type: Complete, status: 'True'}, {type: ExpectationsMet, status: 'True'}]", true, false),
                ("[{type: Complete, status: 'True'}, {type: ExpectationsMet, status: 'False'}]", false, true),
                ("[{type: Failed, status: 'True'}]", false, true),
                ("[{type: Reconciling, status: 'True'}]", false, false),
            ]
        );
    }

    [Fact]
    public async Task The_health_check_for_flux_waits_for_what_a_policy_says_of_a_rollout()
    {
        server.Require();
        await FluxAsync(
            Docs.Yaml("gitops.md", "- kind: ProfilingPolicy")[0],
            "policy",
            [
                ("[{type: Ready, status: 'True'}]", false, false),
                ("[{type: RegressionFound, status: Unknown, reason: RolloutInProgress}]", false, false),
                ("[{type: RegressionFound, status: Unknown, reason: Settling}]", false, false),
                ("[{type: RegressionFound, status: Unknown, reason: SessionInProgress}]", false, false),
                ("[{type: RegressionFound, status: Unknown, reason: NoBaseline}]", true, false),
                ("[{type: RegressionFound, status: 'False', reason: NoRegression}]", true, false),
                ("[{type: RegressionFound, status: 'True', reason: Regression}]", false, true),
                ("[{type: Stalled, status: 'True', reason: InvalidSpec}]", false, true),
            ]
        );
    }

    private async Task FluxAsync(YamlNode check, string of, (string Conditions, bool Current, bool Failed)[] cases)
    {
        foreach (var (field, plural) in ((string, string)[])[("current", $"{of}currents"), ("failed", $"{of}faileds")])
        {
            (await server.InstallAsync(Checked(plural, check[field].ToString()))).Ok(field);
            foreach (var (conditions, current, failed) in cases)
            {
                var answer = await server.CreateAtAsync(
                    $"apis/{plural}.hud.dev/v1/namespaces/default/{plural}?dryRun=All",
                    $"apiVersion: {plural}.hud.dev/v1\nkind: Checked\nmetadata: {{name: c}}\nstatus: {{conditions: {conditions}}}\n"
                );
                Assert.True(
                    answer.IsOk == (field == "current" ? current : failed),
                    $"{field} of {conditions}: {answer.Body.ToJsonString()}"
                );
                if (!answer.IsOk)
                    Assert.Contains(
                        "does not hold",
                        answer.Body["message"]!.GetValue<string>(),
                        StringComparison.Ordinal
                    );
            }
        }
    }

    /// <summary>A definition whose objects are taken when the expression holds. To Flux the status is a variable, to a rule a field of self.</summary>
    private static string Checked(string plural, string expression) =>
        $$"""
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: {{plural}}.{{plural}}.hud.dev}
            spec:
              group: {{plural}}.hud.dev
              scope: Namespaced
              names: {kind: Checked, plural: {{plural}}}
              versions:
              - name: v1
                served: true
                storage: true
                schema:
                  openAPIV3Schema:
                    type: object
                    required: [status]
                    x-kubernetes-validations:
                    - {message: does not hold, rule: "{{expression.Replace(
                "status.conditions",
                "self.status.conditions",
                StringComparison.Ordinal
            )}}"}
                    properties:
                      status:
                        type: object
                        required: [conditions]
                        properties:
                          conditions:
                            type: array
                            maxItems: 16
                            items:
                              type: object
                              properties:
                                type: {type: string}
                                status: {type: string}
                                reason: {type: string, maxLength: 64}
            """;
}
