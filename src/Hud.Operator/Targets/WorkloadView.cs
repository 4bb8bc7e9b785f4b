using System.Globalization;
using Hud.Kubernetes;
using k8s.Models;

namespace Hud.Operator.Targets;

/// <summary>How the rollout of a workload stands by the workload's own status: as <c>kubectl rollout status</c> reads it. Pure.</summary>
/// <param name="Mark">Changes with each rollout, and only then.</param>
/// <param name="Progress">In words; null: it is rolled out.</param>
/// <param name="Wanted">How many pods there are to be.</param>
internal sealed record WorkloadView(
    string Kind,
    V1ObjectMeta Metadata,
    V1LabelSelector? Selector,
    string Mark,
    string? Progress,
    int Wanted
)
{
    private const string DeploymentRevision = "deployment.kubernetes.io/revision";

    /// <summary>The API server counts it up when the template changes; apps/v1 has no field for it.</summary>
    private const string TemplateGeneration = "deprecated.daemonset.template.generation";

    public string Name => Metadata.Name;

    public long Generation => Metadata.Generation ?? 0;

    public static WorkloadView Of(V1Deployment d)
    {
        var wanted = d.Spec?.Replicas ?? 1;
        var (updated, all, available) = (
            d.Status?.UpdatedReplicas ?? 0,
            d.Status?.Replicas ?? 0,
            d.Status?.AvailableReplicas ?? 0
        );
        return new WorkloadView(
            "Deployment",
            d.Metadata,
            d.Spec?.Selector,
            d.GetAnnotation(DeploymentRevision) ?? "",
            IsBehind(d.Metadata, d.Status?.ObservedGeneration) ? NotObserved
                : updated < wanted ? $"{updated} of {Pods(wanted)} are of the new revision"
                : all > updated ? $"{Pods(all - updated)} of another revision are there still"
                : available < updated ? $"{available} of {Pods(updated)} are available"
                : null,
            wanted
        );
    }

    public static WorkloadView Of(V1StatefulSet s)
    {
        var wanted = s.Spec?.Replicas ?? 1;
        var (updated, ready) = (s.Status?.UpdatedReplicas ?? 0, s.Status?.ReadyReplicas ?? 0);
        return new WorkloadView(
            "StatefulSet",
            s.Metadata,
            s.Spec?.Selector,
            s.Status?.UpdateRevision ?? "",
            IsBehind(s.Metadata, s.Status?.ObservedGeneration) ? NotObserved
                : updated < wanted ? $"{updated} of {Pods(wanted)} are of the new revision"
                : ready < wanted ? $"{ready} of {Pods(wanted)} are ready"
                : null,
            wanted
        );
    }

    public static WorkloadView Of(V1DaemonSet d)
    {
        var (wanted, updated, available) = (
            d.Status?.DesiredNumberScheduled ?? 0,
            d.Status?.UpdatedNumberScheduled ?? 0,
            d.Status?.NumberAvailable ?? 0
        );
        return new WorkloadView(
            "DaemonSet",
            d.Metadata,
            d.Spec?.Selector,
            d.GetAnnotation(TemplateGeneration) ?? (d.Metadata.Generation ?? 0).ToString(CultureInfo.InvariantCulture),
            IsBehind(d.Metadata, d.Status?.ObservedGeneration) ? NotObserved
                : updated < wanted ? $"{updated} of {Pods(wanted)} are of the new revision"
                : available < wanted ? $"{available} of {Pods(wanted)} are available"
                : null,
            wanted
        );
    }

    /// <summary>What the Deployment's controller counts; null where it has not begun.</summary>
    public long? DeploymentNumber =>
        long.TryParse(Mark, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private const string NotObserved = "its controller has not seen the last change yet";

    private static bool IsBehind(V1ObjectMeta metadata, long? observed) => (observed ?? 0) < (metadata.Generation ?? 0);

    private static string Pods(int count) => count == 1 ? "1 pod" : $"{count} pods";
}
