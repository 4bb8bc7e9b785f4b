using System.Globalization;
using System.Text;
using Hud.Core.Api;
using YamlDotNet.RepresentationModel;
using static Hud.Operator.Tests.Crd;

namespace Hud.Operator.Tests;

/// <summary>Every field of the CRD is described and bounded, has its default, and is in the documentation as it is in the schema.</summary>
public sealed class FieldTests
{
    /// <summary>Fields of the spec where leaving out means something that no value could say.</summary>
    private static readonly Dictionary<string, string> WithoutDefault = new(StringComparer.Ordinal)
    {
        ["spec.target.podSelector"] = "one of three ways to name pods",
        ["spec.target.podSelector.matchLabels"] = "labels, expressions or both",
        ["spec.target.podSelector.matchExpressions"] = "labels, expressions or both",
        ["spec.target.podSelector.matchExpressions[].values"] = "none with Exists and DoesNotExist",
        ["spec.target.podName"] = "one of three ways to name pods",
        ["spec.target.workloadRef"] = "one of three ways to name pods",
        ["spec.target.containerName"] = "the pod says which, or has only one",
        ["spec.target.processName"] = "the container has only one",
        ["spec.expect"] = "nothing is expected",
        ["spec.expect.maxPoll"] = "this is not expected",
        ["spec.expect.maxBlockedPercent"] = "this is not expected",
        ["spec.resultsTTL"] = "results live as long as their session",
        ["spec.lookBack"] = "the session begins when its agents do",
    };

    /// <summary>The same of a policy, beside those of its session.</summary>
    private static readonly Dictionary<string, string> WithoutDefaultOfPolicies = new(StringComparer.Ordinal)
    {
        ["spec.schedule"] = "one way to make sessions; a rule asks for one",
        ["spec.triggers"] = "the other ways",
        ["spec.triggers.alert"] = "one way to make sessions; a rule asks for one",
        ["spec.triggers.alert.matchLabels"] = "labels, expressions or both",
        ["spec.triggers.alert.matchExpressions"] = "labels, expressions or both",
        ["spec.triggers.alert.matchExpressions[].values"] = "none with Exists and DoesNotExist",
        ["spec.triggers.alert.containerLabel"] = "no label names the container",
        ["spec.triggers.rollout"] = "one way to make sessions; a rule asks for one",
        ["spec.triggers.rollout.cooldown"] = "a rollout waits for no other",
        ["spec.continuous"] = "no agents watch all the time",
        ["spec.lookBack"] = "sessions begin with their trigger",
    };

    private static List<(string Path, YamlNode Field, bool Required)> All(string plural = OfSessions) =>
        [.. Fields("spec", Schema("spec", plural)), .. Fields("status", Schema("status", plural))];

    [Theory]
    [InlineData(OfSessions)]
    [InlineData(OfPolicies)]
    public void Every_field_is_described_and_bounded(string plural)
    {
        var all = All(plural);
        Assert.InRange(all.Count, 60, 400);
        Assert.Equal(
            [],
            all.Where(f => !IsEntry(f.Path) && string.IsNullOrEmpty(Text(f.Field, "description")))
                .Select(f => f.Path + " has no description")
        );
        Assert.Equal(
            [],
            all.Where(f => !IsBounded(f.Field)).Select(f => $"{f.Path}, a {Text(f.Field, "type")}, has no bound")
        );
        Assert.Equal(
            [],
            all.Where(f => Text(f.Field, "nullable") is not null)
                .Select(f => f.Path + " may be null; kubectl of an old server explains no such field")
        );
    }

    private static bool IsEntry(string path) =>
        path.EndsWith("[]", StringComparison.Ordinal) || path.EndsWith("{}", StringComparison.Ordinal);

    private static bool IsBounded(YamlNode field)
    {
        bool Has(params string[] keywords) => keywords.All(k => At(field, k) is not null);
        return Text(field, "type") switch
        {
            "integer" or "number" => Has("minimum", "maximum"),
            "string" => Has("maxLength") || Has("enum") || Has("format"),
            "array" => Has("maxItems", "items"),
            "object" => Has("properties") || Has("maxProperties"),
            "boolean" => true,
            _ => false,
        };
    }

    [Fact]
    public void Every_field_of_the_spec_that_may_be_left_out_has_a_default_or_a_reason_for_none()
    {
        var without = Fields("spec", Schema("spec"))
            .Where(f => !f.Required && At(f.Field, "default") is null)
            .Select(f => f.Path)
            .ToList();
        Assert.Equal(WithoutDefault.Keys.Order(StringComparer.Ordinal), without.Order(StringComparer.Ordinal));
        Assert.Equal(
            WithoutDefaultOfPolicies.Keys,
            Fields("spec", Schema("spec", OfPolicies))
                .Where(f => !f.Required && At(f.Field, "default") is null && !IsOfSession(f.Path))
                .Select(f => f.Path)
        );
    }

    private static bool IsOfSession(string path) => path.StartsWith("spec.session.", StringComparison.Ordinal);

    /// <summary>HUD_UPDATE_GOLDEN=1 writes the page anew: look at the diff before you commit it.</summary>
    [Fact]
    public void The_page_of_fields_says_what_the_schema_says()
    {
        var page = new StringBuilder(
            """
            # Fields of a ProfilingSession and of a ProfilingPolicy

            What `kubectl explain profilingsession.spec` and `kubectl explain profilingpolicy.spec` say, on one page. A test compares it with the schemas of the
            CRDs, field by field. How they work together is in [Hud on Kubernetes](kubernetes.md).


            """
        );
        foreach (
            var (plural, part, title) in (ReadOnlySpan<(string, string, string)>)
                [
                    (OfSessions, "spec", "Spec"),
                    (OfSessions, "status", "Status, written by the operator"),
                    (OfPolicies, "spec", "Spec of a ProfilingPolicy"),
                    (OfPolicies, "status", "Status of a ProfilingPolicy, written by the operator"),
                ]
        )
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"## {title}\n\n| field | type | default | bounds | meaning |\n| --- | --- | --- | --- | --- |\n"
            );
            foreach (
                var (path, field, required) in Fields(part, Schema(part, plural))
                    .Where(f => !IsEntry(f.Path) && !IsOfSession(f.Path))
            )
                page.Append(
                    CultureInfo.InvariantCulture,
                    $"| `{path[(part.Length + 1)..]}` | {Text(field, "type")} | {Default(field, required, part)} | {Bounds(field)} | {Text(field, "description")} |\n"
                );
            page.Append('\n');
        }
        var text = page.ToString().TrimEnd('\n') + "\n";
        if (Environment.GetEnvironmentVariable("HUD_UPDATE_GOLDEN") == "1")
            File.WriteAllText(RepositoryRoot.PathOf("docs", "fields.md"), text);
        Assert.Equal(text, File.ReadAllText(RepositoryRoot.PathOf("docs", "fields.md")));
    }

    private static string Default(YamlNode field, bool required, string part) =>
        At(field, "default") switch
        {
            YamlScalarNode scalar => $"`{scalar.Value}`",
            YamlSequenceNode list => $"`[{string.Join(", ", list)}]`",
            _ => required && part == "spec" ? "required" : "",
        };

    /// <summary>In words; the range of a duration is that of its rule.</summary>
    private static string Bounds(YamlNode field)
    {
        if (At(field, "enum") is YamlSequenceNode values)
            return string.Join(", ", values);
        if (Text(field, "type") == "object" && At(field, "properties") is not null)
            return ""; // its fields have theirs
        var rules = (At(field, "x-kubernetes-validations") as YamlSequenceNode)?.Select(r => Text(r, "rule")!) ?? [];
        if (rules.Select(r => CrdTests.Durations(r).ToList()).FirstOrDefault(d => d.Count == 2) is [var min, var max])
            return $"{Text(field, "type") switch { "string" => "", var t => t + " " }}{Short(min)} to {Short(max)}";
        return Text(field, "type") switch
        {
            "integer" or "number" => $"{Text(field, "minimum")} to {Text(field, "maximum")}",
            "string" when Text(field, "format") is { } format => format,
            "string" => $"at most {Text(field, "maxLength")} characters",
            "array" when At(field, "items", "enum") is YamlSequenceNode each =>
                $"at most {Text(field, "maxItems")} of {string.Join(", ", each)}",
            "array" when Text(field, "items", "maxLength") is { } length =>
                $"at most {Text(field, "maxItems")}, each of at most {length} characters",
            "array" => $"at most {Text(field, "maxItems")}",
            "object" when Text(field, "maxProperties") is { } entries => $"at most {entries}",
            _ => "",
        };
    }

    private static string Short(GoDuration duration) =>
        duration == SessionBounds.MaxResultsTtl ? "8760h" : duration.ToString();
}
