namespace Hud.Analysis;

/// <summary>In what a replica differs from its siblings; the first that fits is told.</summary>
public enum OutlierMeasure
{
    /// <summary>Worker time lost, in percent of its workers x wall.</summary>
    Lost,

    /// <summary>99th percentile of its tasks' waits for a worker, ns.</summary>
    Wait,

    /// <summary>Time that the CPU quota took, in percent of its workers x wall.</summary>
    Throttled,

    /// <summary>Waits for a CPU, in percent of its workers x wall.</summary>
    CpuWait,

    /// <summary>Its longest poll, ns.</summary>
    LongestPoll,

    /// <summary>It loses as much as the others, but somewhere else; in percent of its workers x wall.</summary>
    Place,
}

/// <summary>A replica that differs from its siblings.</summary>
/// <param name="Target">Index of the target in the document.</param>
/// <param name="Name">Its pod, or its process and pid. As the target wrote it: clean it where it is shown.</param>
/// <param name="Value">In the unit of the measure.</param>
/// <param name="Siblings">Median of the siblings.</param>
/// <param name="Text">How it differs, without its name; at most <see cref="Outliers.MaxText"/> characters.</param>
public sealed record Outlier(
    int Target,
    string Name,
    OutlierMeasure Measure,
    double Value,
    double Siblings,
    string Text
);
