using System.Text.RegularExpressions;
using FluentValidation;

namespace Hud.Core.Api;

/// <summary>Where a session runs, which decides how its target may be named.</summary>
public enum SessionScope
{
    /// <summary>Through the operator: pods are selected.</summary>
    Cluster,

    /// <summary>Through <c>hud run</c>: a process of this machine is named.</summary>
    Local,
}

/// <summary>
/// Checks what types cannot say. Property names of the failures are paths in the YAML (<c>spec.threshold</c>), messages are
/// those of <see cref="SessionMessages"/>, the error code is the reason of the condition <c>Accepted</c>.
/// </summary>
public sealed partial class SessionValidator : AbstractValidator<ProfilingSessionSpec>
{
    public const string InvalidSpec = "InvalidSpec";
    public const string DurationTooLong = "DurationTooLong";

    /// <param name="durationCeiling">A ceiling below <see cref="SessionBounds.MaxDuration"/>, set by the administrator.</param>
    public SessionValidator(SessionScope scope, GoDuration? durationCeiling = null)
    {
        ClassLevelCascadeMode = CascadeMode.Continue;
        RuleLevelCascadeMode = CascadeMode.Stop;
        AddSpecRules(scope);
        if (durationCeiling is { } ceiling)
        {
            RuleFor(s => s.Duration)
                .Must(d => d <= ceiling)
                .WithMessage(SessionMessages.DurationCeiling(ceiling))
                .WithErrorCode(DurationTooLong)
                .OverridePropertyName("spec.duration");
        }

        AddExpectRules();
        AddTargetRules();
        if (scope == SessionScope.Cluster)
            AddClusterRules();
        else
            AddLocalRules();
    }

    private void AddSpecRules(SessionScope scope)
    {
        var longest = scope == SessionScope.Local ? SessionBounds.MaxLocalDuration : SessionBounds.MaxDuration;
        RuleFor(s => s.Duration)
            .Must(d => d >= SessionBounds.MinDuration && d <= longest)
            .Says(
                "spec.duration",
                scope == SessionScope.Local ? SessionMessages.LocalDuration : SessionMessages.Duration
            );
        RuleFor(s => s.Threshold)
            .Must(t => t >= SessionBounds.MinThreshold && t <= SessionBounds.MaxThreshold)
            .Says("spec.threshold", SessionMessages.Threshold)
            .Must((s, t) => t < s.Duration || s.Duration < SessionBounds.MinDuration) // that has been said already
            .Says("spec.threshold", SessionMessages.ThresholdBelowDuration);
        RuleFor(s => s.SampleFrequencyHz)
            .Must(f => f is >= SessionBounds.MinFrequencyHz and <= SessionBounds.MaxFrequencyHz)
            .Says("spec.sampleFrequencyHz", SessionMessages.Frequency);
        RuleFor(s => s.OverheadBudgetPercent)
            .Must(b => b is >= SessionBounds.MinBudgetPercent and <= SessionBounds.MaxBudgetPercent)
            .Says("spec.overheadBudgetPercent", SessionMessages.Budget);
        RuleFor(s => s.StartDeadline)
            .Must(d => d >= SessionBounds.MinStartDeadline && d <= SessionBounds.MaxStartDeadline)
            .Says("spec.startDeadline", SessionMessages.StartDeadline);
        RuleFor(s => s.ResultsTtl)
            .Must(t => t is null || (t >= SessionBounds.MinResultsTtl && t <= SessionBounds.MaxResultsTtl))
            .Says("spec.resultsTTL", SessionMessages.ResultsTtl);
        RuleFor(s => s.WorkerThreadNames)
            .Must(n =>
                n.Count <= SessionBounds.MaxWorkerNames
                && n.All(x => x is { Length: >= 1 and <= SessionBounds.MaxWorkerNameLength })
            )
            .Says("spec.workerThreadNames", SessionMessages.WorkerThreadNames);
        RuleFor(s => s.Output.TopHotspots)
            .Must(n => n is >= SessionBounds.MinTopHotspots and <= SessionBounds.MaxTopHotspots)
            .Says("spec.output.topHotspots", SessionMessages.TopHotspots);
        RuleFor(s => s.Output.Formats)
            .Must(f => f.Count > 0 && f.Distinct().Count() == f.Count)
            .Says("spec.output.formats", SessionMessages.Formats);
    }

    private void AddExpectRules()
    {
        RuleFor(s => s.Expect)
            .Must(e => e is null or { MaxPoll: not null } or { MaxBlockedPercent: not null })
            .Says("spec.expect", SessionMessages.ExpectEmpty);
        RuleFor(s => s.Expect)
            .Must(e =>
                e?.MaxPoll is not { } p || (p >= SessionBounds.MinExpectedPoll && p <= SessionBounds.MaxExpectedPoll)
            )
            .Says("spec.expect.maxPoll", SessionMessages.ExpectMaxPoll);
        RuleFor(s => s.Expect)
            .Must(e => e?.MaxBlockedPercent is null or (>= 0 and <= 100))
            .Says("spec.expect.maxBlockedPercent", SessionMessages.ExpectMaxBlockedPercent);
    }

    private void AddTargetRules()
    {
        RuleFor(s => s.Target.ProcessName)
            .Must(n => n is null || (n.Length is >= 1 and <= SessionBounds.MaxProcessNameLength && !n.Contains('/')))
            .Says("spec.target.processName", SessionMessages.ProcessName);
        RuleFor(s => s.Target.MaxPods)
            .Must(n => n is >= SessionBounds.MinPods and <= SessionBounds.MaxPods)
            .Says("spec.target.maxPods", SessionMessages.MaxPods);
    }

    private void AddLocalRules()
    {
        RuleFor(s => s.Target)
            .Must(t => t.PodSelector is null && t.PodName is null && t.WorkloadRef is null && t.ContainerName is null)
            .Says("spec.target", SessionMessages.LocalSelector)
            .Must(t => t.ProcessName is not null)
            .Says("spec.target", SessionMessages.LocalProcessName);
        RuleFor(s => s.Suspend).Must(s => !s).Says("spec.suspend", SessionMessages.LocalSuspend);
        RuleFor(s => s.LookBack).Must(l => l is null).Says("spec.lookBack", SessionMessages.LocalLookBack);
    }

    private void AddClusterRules()
    {
        RuleFor(s => s.LookBack)
            .Must(l => l is null || (l >= SessionBounds.MinLookBack && l <= SessionBounds.MaxSessionLookBack))
            .Says("spec.lookBack", SessionMessages.LookBack);
        RuleFor(s => s.Target)
            .Must(t => new object?[] { t.PodSelector, t.PodName, t.WorkloadRef }.Count(x => x is not null) == 1)
            .Says("spec.target", SessionMessages.OneSelector);
        RuleFor(s => s.Target.PodSelector)
            .Must(s =>
                s is null || s.MatchLabels?.Values.Any(v => v is not null) == true || s.MatchExpressions?.Count > 0
            )
            .Says("spec.target.podSelector", SessionMessages.EmptySelector)
            .Must(s =>
                s is null
                || (
                    (s.MatchLabels?.Count ?? 0) <= SessionBounds.MaxLabelEntries
                    && (s.MatchExpressions?.Count ?? 0) <= SessionBounds.MaxLabelEntries
                    && (s.MatchExpressions ?? []).All(e => (e.Values?.Count ?? 0) <= SessionBounds.MaxLabelValues)
                )
            )
            .Says("spec.target.podSelector", SessionMessages.SelectorSize);
        RuleFor(s => s.Target.PodSelector)
            .Must(s =>
                (s?.MatchExpressions ?? []).All(e =>
                    e.Key.Length > 0 && e.Operator is "In" or "NotIn" or "Exists" or "DoesNotExist"
                )
            )
            .Says("spec.target.podSelector.matchExpressions", SessionMessages.SelectorOperator)
            .Must(s => (s?.MatchExpressions ?? []).All(e => e.Operator is "In" or "NotIn" == (e.Values?.Count > 0)))
            .Says("spec.target.podSelector.matchExpressions", SessionMessages.SelectorValues);
        RuleFor(s => s.Target.PodSelector)
            .Must(s =>
                (s?.MatchLabels?.All(l => LabelSyntax.IsKey(l.Key) && LabelSyntax.IsValue(l.Value ?? "")) ?? true)
                && (s?.MatchExpressions ?? []).All(e =>
                    (e.Key.Length == 0 || LabelSyntax.IsKey(e.Key))
                    && (e.Values ?? []).All(v => LabelSyntax.IsValue(v ?? ""))
                )
            )
            .Says("spec.target.podSelector", SessionMessages.SelectorLabel);
        RuleFor(s => s.Target.PodName)
            .Must(n => n is null || (n.Length <= 253 && DnsSubdomain().IsMatch(n)))
            .Says("spec.target.podName", SessionMessages.PodName);
        RuleFor(s => s.Target.ContainerName)
            .Must(n => n is null || (n.Length <= 63 && DnsLabel().IsMatch(n)))
            .Says("spec.target.containerName", SessionMessages.ContainerName);
        RuleFor(s => s.Target.WorkloadRef)
            .Must(w =>
                w is null
                || (w.ApiVersion, w.Kind)
                    is
                        ("apps/v1", "Deployment" or "StatefulSet" or "DaemonSet" or "ReplicaSet")
                        or
                        ("batch/v1", "Job" or "CronJob")
            )
            .Says("spec.target.workloadRef", SessionMessages.WorkloadKind);
        RuleFor(s => s.Target.WorkloadRef)
            .Must(w => w is null || (w.Name.Length <= 253 && DnsSubdomain().IsMatch(w.Name)))
            .Says("spec.target.workloadRef.name", SessionMessages.WorkloadName);
    }

    [GeneratedRegex(
        @"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture
    )]
    private static partial Regex DnsSubdomain();

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex DnsLabel();
}

internal static class SessionRuleExtensions
{
    /// <summary>The path in the YAML and the sentence for the rule just added.</summary>
    public static IRuleBuilderOptions<ProfilingSessionSpec, T> Says<T>(
        this IRuleBuilderOptions<ProfilingSessionSpec, T> rule,
        string field,
        string message
    ) => rule.OverridePropertyName(field).WithMessage(message).WithErrorCode(SessionValidator.InvalidSpec);
}
