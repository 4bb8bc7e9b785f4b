using Hud.Cli.Commands;
using Hud.Cli.Run;
using Hud.Core.Api;
using Hud.Core.Diagnostics;

namespace Hud.Cli.Kubectl;

/// <summary><c>deploy/checkout</c>, <c>pod/checkout-0</c> or a label selector, as kubectl's own commands take them.</summary>
internal static class TargetArgument
{
    private static readonly string[] Types = ["deploy", "sts", "ds", "rs", "job", "cronjob", "pod"];

    public static TargetSpec Parse(string? resource, string? selector)
    {
        if (resource is null == selector is null)
            throw Bad(
                resource is null
                    ? "what is to be profiled is missing: either TYPE/NAME or -l SELECTOR"
                    : $"both {FlagValues.Shown(resource)} and -l {FlagValues.Shown(selector!)} are given; keep one"
            );
        if (selector is not null)
            return new TargetSpec { PodSelector = new LabelSelector { MatchLabels = Labels(selector) } };

        int slash = resource!.IndexOf('/');
        if (slash <= 0 || slash == resource.Length - 1)
            throw Bad(
                $"\"{FlagValues.Shown(resource)}\" must be TYPE/NAME, such as {FlagValues.Shown(Example(resource, slash))}"
            );
        string name = resource[(slash + 1)..];
        return resource[..slash].ToLowerInvariant().Split('.')[0] switch
        {
            "po" or "pod" or "pods" => new TargetSpec { PodName = name },
            "deploy" or "deployment" or "deployments" => Workload("apps/v1", "Deployment", name),
            "sts" or "statefulset" or "statefulsets" => Workload("apps/v1", "StatefulSet", name),
            "ds" or "daemonset" or "daemonsets" => Workload("apps/v1", "DaemonSet", name),
            "rs" or "replicaset" or "replicasets" => Workload("apps/v1", "ReplicaSet", name),
            "job" or "jobs" => Workload("batch/v1", "Job", name),
            "cj" or "cronjob" or "cronjobs" => Workload("batch/v1", "CronJob", name),
            var type => throw Bad($"TYPE/NAME: {FlagValues.NoneOf(type, Types)}"),
        };
    }

    /// <summary>The way back from <see cref="Parse"/>, in words of a shell; null for a selector that no flag can say.</summary>
    public static string? Words(TargetSpec target)
    {
        string? words =
            target.PodName is { } pod ? NextCommand.Word($"pod/{pod}")
            : target.WorkloadRef is { } workload
                ? NextCommand.Word($"{workload.Kind.ToLowerInvariant()}/{workload.Name}")
            : target.PodSelector is { MatchLabels: { Count: > 0 } labels, MatchExpressions: null or { Count: 0 } }
                ? $"-l {NextCommand.Word(string.Join(',', labels.Select(l => $"{l.Key}={l.Value}")))}"
            : null;
        if (words is null)
            return null;
        if (target.ContainerName is { } container)
            words += $" -c {NextCommand.Word(container)}";
        return target.ProcessName is { } process ? $"{words} --process {NextCommand.Word(process)}" : words;
    }

    /// <summary>What was written with the missing half added: a type without a name, or a name without a type.</summary>
    private static string Example(string written, int slash) =>
        slash > 0 ? written + "checkout"
        : written.Trim('/') is { Length: > 0 } name ? $"deploy/{name}"
        : "deploy/checkout";

    private static TargetSpec Workload(string apiVersion, string kind, string name) =>
        new() { WorkloadRef = new WorkloadReference(apiVersion, kind, name) };

    private static Dictionary<string, string> Labels(string selector)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (
            string part in selector.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        )
        {
            string[] pair = part.Split(part.Contains("==", StringComparison.Ordinal) ? "==" : "=", 2);
            if (pair.Length != 2 || pair[0].EndsWith('!') || pair[0].Length == 0)
                throw Bad(
                    $"-l: \"{FlagValues.Shown(part)}\" is not label=value; write a session file for other selectors"
                );
            labels[pair[0].Trim()] = pair[1].Trim();
        }

        return labels;
    }

    private static DiagnosticException Bad(string message) =>
        new(
            new(
                DiagnosticKinds.BadUsage,
                message,
                "for example: kubectl hud run deploy/checkout, or: kubectl hud run -l app=checkout"
            )
        );
}
