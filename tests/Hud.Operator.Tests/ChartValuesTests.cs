using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Hud.Operator.Tests;

/// <summary>The documentation of the chart and of the metrics beside what there is.</summary>
public sealed class ChartValuesTests
{
    private static readonly JsonElement Schema = JsonDocument.Parse(Read("charts", "values.schema.json")).RootElement;

    [Fact]
    public void Every_value_of_the_chart_is_described()
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(Read("charts", "values.yaml")));
        var missing = new List<string>();
        Walk("", (YamlMappingNode)yaml.Documents[0].RootNode, Schema, missing);
        Assert.Empty(missing);
    }

    [Fact]
    public void Every_metric_that_the_documentation_names_is_there()
    {
        var there = new List<string>();
        using var listener = new System.Diagnostics.Metrics.MeterListener
        {
            InstrumentPublished = (instrument, _) => there.Add(instrument.Name),
        };
        System.Runtime.CompilerServices.RuntimeHelpers.RunClassConstructor(typeof(OperatorMeter).TypeHandle);
        System.Runtime.CompilerServices.RuntimeHelpers.RunClassConstructor(
            typeof(Hud.Kubernetes.KubernetesMeter).TypeHandle
        );
        listener.Start();
        var named = Regex
            .Matches(
                Read("docs", "kubernetes.md"),
                "`(?<name>(hud|workqueue|controller_runtime)_[a-z_]+)`",
                RegexOptions.ExplicitCapture,
                TimeSpan.FromSeconds(5)
            )
            .Select(m => m.Groups["name"].Value)
            .ToList();
        Assert.Contains("hud_completion_seconds", named);
        Assert.Empty(named.Except(there));
        // those that dashboards for controllers ask for
        Assert.Empty(
            (
                (string[])
                    [
                        "workqueue_depth",
                        "workqueue_adds_total",
                        "workqueue_retries_total",
                        "workqueue_queue_duration_seconds",
                        "workqueue_work_duration_seconds",
                        "workqueue_unfinished_work_seconds",
                        "workqueue_longest_running_processor_seconds",
                        "controller_runtime_reconcile_total",
                        "controller_runtime_reconcile_errors_total",
                        "controller_runtime_reconcile_time_seconds",
                        "controller_runtime_active_workers",
                        "controller_runtime_max_concurrent_reconciles",
                    ]
            ).Except(there)
        );
    }

    private static void Walk(string path, YamlMappingNode values, JsonElement schema, List<string> missing)
    {
        foreach (var (key, value) in values.Children)
        {
            var name = $"{path}.{key}";
            if (
                !Resolve(schema).TryGetProperty("properties", out var properties)
                || !properties.TryGetProperty(key.ToString(), out var property)
            )
            {
                // labels and quantities are named by the user
                if (
                    !Resolve(schema).TryGetProperty("additionalProperties", out var any)
                    || any.ValueKind == JsonValueKind.False
                )
                    missing.Add(name + " is not in the schema");
                continue;
            }
            if (!property.TryGetProperty("description", out var text) || text.GetString() is not { Length: > 0 })
                missing.Add(name);
            if (value is YamlMappingNode below)
                Walk(name, below, property, missing);
        }
    }

    private static JsonElement Resolve(JsonElement schema) =>
        schema.TryGetProperty("$ref", out var reference)
            ? Schema.GetProperty("definitions").GetProperty(reference.GetString()!.Split('/')[^1])
            : schema;

    [Theory]
    [InlineData("charts", "values.yaml")]
    [InlineData("config", "manager/manager.yaml")]
    public void The_memory_limit_holds_what_the_bounds_allow(string folder, string file)
    {
        var limit = System.Text.RegularExpressions.Regex.Match(
            Read(folder, file),
            @"limits:\s*\{?\s*memory: (?<mib>\d+)Mi",
            System.Text.RegularExpressions.RegexOptions.ExplicitCapture,
            TimeSpan.FromSeconds(5)
        );
        Assert.True(limit.Success, file);
        Assert.InRange(
            MemoryBounds.Total >> 20,
            1,
            int.Parse(limit.Groups["mib"].Value, System.Globalization.CultureInfo.InvariantCulture)
        );
    }

    private static string Read(string folder, string file) =>
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, folder, file));
}
