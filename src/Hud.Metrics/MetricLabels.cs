namespace Hud.Metrics;

/// <summary>Names of labels. A label without a value is left out, which is the same to Prometheus.</summary>
public static class MetricLabels
{
    public const string Namespace = "namespace";
    public const string Pod = "pod";
    public const string Container = "container";
    public const string Process = "process";
    public const string Task = "task";
    public const string Cause = "cause";
    public const string Kind = "kind";

    /// <summary>What tells one target from another.</summary>
    public static readonly IReadOnlyList<string> Target = [Namespace, Pod, Container, Process];
}
