using System.Text.Json.Serialization;
using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Reports.Formats;

/// <summary>One target; the fields mean what they mean in the report.</summary>
public sealed record TargetRow
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Pod { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PodUid { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Container { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Node { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Image { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ImageDigest { get; init; }
    public int Pid { get; init; }
    public string Process { get; init; } = "";
    public TargetState State { get; init; }
    public string Reason { get; init; } = "";
    public string Message { get; init; } = "";

    /// <summary>How it differs from its siblings; absent where it doesn't.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Outlier { get; init; }
    public double BlockedPercent { get; init; }

    /// <summary>The function below which it lost most.</summary>
    public string WorstPlace { get; init; } = "";
    public long LongestPollNs { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? WaitP99Ns { get; init; }
    public long Polls { get; init; }
    public long SlowPolls { get; init; }
    public int Workers { get; init; }
    public string TokioVersion { get; init; } = "";
    public long CpuNs { get; init; }
    public long CpuWaitNs { get; init; }
    public long ThrottledNs { get; init; }
    public long LostEvents { get; init; }

    public static TargetRow Of(TargetProfile target, string? outlier) =>
        new()
        {
            Pod = target.Pod,
            PodUid = target.PodUid,
            Container = target.Container,
            Node = target.Node,
            Image = target.Image,
            ImageDigest = target.ImageDigest,
            Pid = target.Pid,
            Process = target.Process,
            State = target.State,
            Reason = target.Reason,
            Message = target.Message,
            Outlier = outlier,
            BlockedPercent = target.BlockedPercent,
            WorstPlace = target.Top.Count > 0 ? target.Top[0].Function : "",
            LongestPollNs = target.LongestPollNs,
            WaitP99Ns = target.WaitP99Ns,
            Polls = target.Polls,
            SlowPolls = target.SlowPolls,
            Workers = target.Workers,
            TokioVersion = target.TokioVersion,
            CpuNs = target.CpuNs,
            CpuWaitNs = target.CpuWaitNs,
            ThrottledNs = target.ThrottledNs,
            LostEvents = target.LostEvents,
        };
}
