using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hud.Core;
using Hud.Core.Api;
using YamlDotNet.RepresentationModel;
using static Hud.Operator.Tests.Crd;

namespace Hud.Operator.Tests;

/// <summary>Schema, C# types, bounds and sentences say the same, field by field.</summary>
public sealed class CrdTests
{
    [Theory]
    [InlineData(OfSessions)]
    [InlineData(OfPolicies)]
    public void The_charts_copy_is_the_same_file(string plural) =>
        Assert.Equal(
            File.ReadAllBytes(Location(plural)),
            File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "charts", $"hud.dev_{plural}.yaml"))
        );

    [Fact]
    public void Spec_and_status_have_the_fields_of_the_types_with_the_same_kinds()
    {
        var problems = new List<string>();
        Compare("spec", Schema("spec"), HudJson.Default.ProfilingSessionSpec, problems);
        Compare("status", Schema("status"), HudJson.Default.ProfilingSessionStatus, problems);
        Assert.Empty(problems);
    }

    internal static void Compare(string path, YamlNode schema, JsonTypeInfo type, List<string> problems)
    {
        var fields =
            (At(schema, "properties") as YamlMappingNode)?.Children.ToDictionary(
                p => ((YamlScalarNode)p.Key).Value!,
                p => p.Value
            ) ?? [];
        foreach (var missing in type.Properties.Select(p => p.Name).Except(fields.Keys))
            problems.Add($"{path}.{missing} is not in the schema");
        foreach (var missing in fields.Keys.Except(type.Properties.Select(p => p.Name)))
            problems.Add($"{path}.{missing} is not in the type");
        foreach (var property in type.Properties.Where(p => fields.ContainsKey(p.Name)))
        {
            var field = fields[property.Name];
            var where = path + "." + property.Name;
            foreach (
                var stray in ((YamlMappingNode)field)
                    .Children.Keys.Select(k => ((YamlScalarNode)k).Value!)
                    .Except(Keywords)
            )
                problems.Add(
                    $"{where} has \"{stray}\", which is not a keyword: is a comma in a description not quoted?"
                );
            var (kind, inner) = Kind(property.PropertyType);
            if (Text(field, "type") != kind)
                problems.Add($"{where} is {Text(field, "type")} in the schema and {kind} in the type");
            if (inner is null)
                continue;
            var below = kind == "array" ? At(field, "items")! : field;
            if (inner.IsEnum)
                CompareEnum(where, below, inner, problems);
            else if (inner.Namespace?.StartsWith("Hud.", StringComparison.Ordinal) == true)
                Compare(where, below, HudJson.Default.GetTypeInfo(inner)!, problems);
        }
    }

    private static readonly string[] Keywords =
    [
        "type",
        "description",
        "format",
        "default",
        "enum",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "maxProperties",
        "items",
        "properties",
        "additionalProperties",
        "required",
        "x-kubernetes-validations",
        "x-kubernetes-list-type",
        "x-kubernetes-list-map-keys",
    ];

    private static void CompareEnum(string where, YamlNode schema, Type type, List<string> problems)
    {
        var written = ((YamlSequenceNode)At(schema, "enum")!).Select(n => ((YamlScalarNode)n).Value!).Order();
        if (!written.SequenceEqual(Enum.GetNames(type).Order()))
            problems.Add($"{where} has other values in the schema than in the type");
    }

    private static (string Kind, Type? Inner) Kind(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string) || type == typeof(GoDuration) || type == typeof(DateTimeOffset))
            return ("string", null);
        if (type.IsEnum)
            return ("string", type);
        if (type == typeof(int) || type == typeof(long))
            return ("integer", null);
        if (type == typeof(double))
            return ("number", null);
        if (type == typeof(bool))
            return ("boolean", null);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
            return ("array", type.GetGenericArguments()[0]);
        return type.IsGenericType ? ("object", null) : ("object", type);
    }

    [Fact]
    public void Defaults_of_the_schema_are_those_of_the_type()
    {
        using var empty = JsonDocument.Parse(
            JsonSerializer.Serialize(new ProfilingSessionSpec(), HudJson.Default.ProfilingSessionSpec)
        );
        var problems = new List<string>();
        Defaults("spec", Schema("spec"), empty.RootElement, problems);
        Assert.Empty(problems);
        Assert.Equal("-1", Text(Schema("status"), "default", "observedGeneration"));
    }

    internal static void Defaults(string path, YamlNode schema, JsonElement value, List<string> problems)
    {
        foreach (var (key, field) in (YamlMappingNode)At(schema, "properties")!)
        {
            var name = ((YamlScalarNode)key).Value!;
            var has = value.TryGetProperty(name, out var inType);
            if (has && inType.ValueKind == JsonValueKind.Object)
            {
                Defaults(path + "." + name, field, inType, problems);
                continue;
            }
            var inSchema = At(field, "default");
            if (has != inSchema is not null)
                problems.Add(
                    $"{path}.{name}: default {(has ? inType.ToString() : "none")} in the type, {inSchema?.ToString() ?? "none"} in the schema"
                );
            else if (has && !Same(inType, inSchema!))
                problems.Add($"{path}.{name}: default {inType} in the type, {inSchema} in the schema");
        }
    }

    private static bool Same(JsonElement a, YamlNode b) =>
        (a.ValueKind, b) switch
        {
            (JsonValueKind.Array, YamlSequenceNode list) => a.EnumerateArray()
                .Select(x => x.GetString())
                .SequenceEqual(list.Select(n => ((YamlScalarNode)n).Value)),
            (JsonValueKind.String, YamlScalarNode s) => a.GetString() == s.Value
                || (GoDuration.TryParse(a.GetString(), out var x) && GoDuration.TryParse(s.Value, out var y) && x == y),
            (JsonValueKind.True or JsonValueKind.False, YamlScalarNode s) => a.GetBoolean() == bool.Parse(s.Value!),
            (JsonValueKind.Number, YamlScalarNode s) => a.GetDouble() == double.Parse(s.Value!),
            _ => false,
        };

    [Fact]
    public void Bounds_of_numbers_and_lists_are_those_of_the_validator()
    {
        var spec = At(Schema("spec"), "properties")!;
        void Range(double min, double max, params string[] path) =>
            Assert.Equal(
                (min, max),
                (double.Parse(Text(spec, [.. path, "minimum"])!), double.Parse(Text(spec, [.. path, "maximum"])!))
            );
        Range(SessionBounds.MinFrequencyHz, SessionBounds.MaxFrequencyHz, "sampleFrequencyHz");
        Range(SessionBounds.MinBudgetPercent, SessionBounds.MaxBudgetPercent, "overheadBudgetPercent");
        Range(SessionBounds.MinPods, SessionBounds.MaxPods, "target", "properties", "maxPods");
        Range(SessionBounds.MinTopHotspots, SessionBounds.MaxTopHotspots, "output", "properties", "topHotspots");
        Range(0, 100, "expect", "properties", "maxBlockedPercent");
        Assert.Equal(SessionBounds.MaxWorkerNames.ToString(), Text(spec, "workerThreadNames", "maxItems"));
        Assert.Equal(
            SessionBounds.MaxWorkerNameLength.ToString(),
            Text(spec, "workerThreadNames", "items", "maxLength")
        );
        Assert.Equal(
            SessionBounds.MaxProcessNameLength.ToString(),
            Text(spec, "target", "properties", "processName", "maxLength")
        );
        Assert.Equal(
            SessionBounds.MaxLabelEntries.ToString(),
            Text(spec, "target", "properties", "podSelector", "properties", "matchLabels", "maxProperties")
        );
    }

    [Fact]
    public void Rules_on_durations_have_the_validators_bounds_and_every_rule_says_one_of_its_sentences()
    {
        var rules = new List<(string Rule, string Message)>();
        Collect(Root(), rules);
        (GoDuration, GoDuration)[] ranges =
        [
            (SessionBounds.MinDuration, SessionBounds.MaxDuration),
            (SessionBounds.MinThreshold, SessionBounds.MaxThreshold),
            (SessionBounds.MinStartDeadline, SessionBounds.MaxStartDeadline),
            (SessionBounds.MinResultsTtl, SessionBounds.MaxResultsTtl),
            (SessionBounds.MinLookBack, SessionBounds.MaxSessionLookBack),
            (SessionBounds.MinExpectedPoll, SessionBounds.MaxExpectedPoll),
        ];
        foreach (var (min, max) in ranges)
        {
            Assert.Contains(rules, r => Durations(r.Rule).SequenceEqual([min, max]));
        }
        var sentences = typeof(SessionMessages)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(f => f.IsLiteral)
            .Select(f => (string)f.GetRawConstantValue()!)
            .Append("a session cannot be changed, except suspend; create a new one under a new name")
            .ToHashSet();
        Assert.All(rules, r => Assert.Contains(r.Message, sentences));
        Assert.InRange(rules.Count, 20, 60);
    }

    /// <summary>What the rule's expression lets through is read without an error by the server, and is in bounds for both or for neither.</summary>
    [Theory]
    [InlineData("90s", true)]
    [InlineData("1m30s", true)]
    [InlineData("1.5m", true)]
    [InlineData("1.m", true)]
    [InlineData(".5m", true)]
    [InlineData("1000000us", true)]
    [InlineData("2000000\u00b5s", true)]
    [InlineData("2000000\u03bcs", true)]
    [InlineData("1800000000000ns", true)]
    [InlineData("00000000000000000000000000001m", true)]
    [InlineData("0.00000000000000000000000001h1s", true)]
    [InlineData("1800001ms", false)]
    [InlineData("3000000h", false)] // beyond the 292 years of Go's duration
    [InlineData("99999h99999h99999h99999h99999h", false)]
    [InlineData("9223372036854775808ns", false)]
    [InlineData("99999999999s", false)]
    [InlineData("", false)]
    [InlineData("0", false)]
    [InlineData(".s", false)]
    [InlineData("1.2.3s", false)]
    [InlineData("-5s", false)]
    [InlineData("5 s", false)]
    [InlineData("5", false)]
    public void A_duration_is_one_for_the_rule_and_for_the_validator(string text, bool good)
    {
        var rule = ((YamlSequenceNode)At(Schema("spec"), "properties", "duration", "x-kubernetes-validations")!)
            .Select(r => Text(r, "rule")!)
            .First(r => r.Contains("matches", StringComparison.Ordinal));
        var parsed = GoDuration.TryParse(text, out var duration);
        var inBounds = parsed && duration >= SessionBounds.MinDuration && duration <= SessionBounds.MaxDuration;
        Assert.Equal(good, inBounds);
        var matches = Matches(text, rule.Split('\'')[1]);
        // Go's own bound is that of 63 bits of nanoseconds, as here
        Assert.True(parsed || !matches, "the server would stop at a value that it cannot read");
        Assert.Equal(good, matches && inBounds);
    }

    [Theory]
    [InlineData("app", "checkout", true)]
    [InlineData("app.kubernetes.io/name", "v1.2_3-x", true)]
    [InlineData("app", "", true)]
    [InlineData("A_b.c", "A", true)]
    [InlineData("bad key!", "x", false)]
    [InlineData("a", "x y", false)]
    [InlineData("a", "-x", false)]
    [InlineData("a", "x.", false)]
    [InlineData("a/b/c", "x", false)]
    [InlineData("/a", "x", false)]
    [InlineData("A.io/a", "x", false)]
    [InlineData("-a", "x", false)]
    [InlineData("", "x", false)]
    [InlineData("63", "64", false)]
    [InlineData("64", "", false)]
    [InlineData("63", "63", true)]
    [InlineData("253/a", "", true)]
    [InlineData("254/a", "", false)]
    public void A_label_is_one_for_the_rules_and_for_the_validator(string key, string value, bool good)
    {
        key = Long(key);
        value = Long(value);
        Assert.Equal(good, LabelSyntax.IsKey(key) && LabelSyntax.IsValue(value));
        var selector = At(Schema("spec"), "properties", "target", "properties", "podSelector", "properties");
        foreach (
            var path in (string[][])
                [
                    ["matchLabels"],
                    ["matchExpressions", "items"],
                ]
        )
        {
            var rule = ((YamlSequenceNode)At(selector, [.. path, "x-kubernetes-validations"])!)
                .Select(r => Text(r, "rule")!)
                .First(r => r.Contains("matches", StringComparison.Ordinal));
            var expressions = rule.Split("matches('").Skip(1).Select(p => p[..p.IndexOf('\'')]).ToList();
            Assert.Equal(3, expressions.Count);
            Assert.Equal(
                good,
                Matches(key, expressions[0])
                    && Matches(key, expressions[1])
                    && Matches(value, expressions[2])
                    && value.Length <= 63 // maxLength says so
            );
        }

        static string Long(string text) =>
            text.Split('/') is [var count, .. var rest] && int.TryParse(count, out var n)
                ? string.Join('/', [new string('a', n), .. rest])
                : text;
    }

    /// <summary>Of <c>duration(self) >= duration('1s') &amp;&amp; ...</c> the quoted ones.</summary>
    internal static IEnumerable<GoDuration> Durations(string rule) =>
        rule.Split("duration('").Skip(1).Select(part => GoDuration.Parse(part[..part.IndexOf('\'')]));

    internal static void Collect(YamlNode node, List<(string, string)> rules)
    {
        if (node is YamlSequenceNode list)
        {
            foreach (var item in list)
                Collect(item, rules);
        }
        if (node is not YamlMappingNode map)
            return;
        foreach (var (key, value) in map)
        {
            if (((YamlScalarNode)key).Value == "x-kubernetes-validations")
                rules.AddRange(((YamlSequenceNode)value).Select(r => (Text(r, "rule")!, Text(r, "message")!)));
            else
                Collect(value, rules);
        }
    }

    [Fact]
    public void Every_part_of_the_spec_but_suspend_is_immutable()
    {
        var fields = (YamlMappingNode)At(Schema("spec"), "properties")!;
        foreach (var (key, field) in fields)
        {
            var name = ((YamlScalarNode)key).Value!;
            var rules = new List<(string Rule, string)>();
            if (At(field, "x-kubernetes-validations") is YamlSequenceNode own)
                rules.AddRange(own.Select(r => (Text(r, "rule")!, "")));
            Assert.Equal(name != "suspend", rules.Exists(r => r.Rule == "self == oldSelf"));
        }
    }

    /// <summary>As the server's RE2, which knows no backtracking.</summary>
    internal static bool Matches(string text, string expression) =>
        System.Text.RegularExpressions.Regex.IsMatch(
            text,
            expression,
            System.Text.RegularExpressions.RegexOptions.NonBacktracking,
            TimeSpan.FromSeconds(5)
        );
}
