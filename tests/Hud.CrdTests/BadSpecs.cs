using Hud.Core.Api;

namespace Hud.CrdTests;

/// <summary>Specs that are refused, by the current server of custom resources, by an old one and by the operator.</summary>
internal static class BadSpecs
{
    private const string Ok = "target: {podName: p}";

    /// <summary>
    /// A spec, and what the user reads. What the schema itself can say in plain words (a range, a list, a length, a type) it says on every
    /// server; our own sentence comes from a rule, after those words or alone, and from the operator where the server knows no rules.
    /// </summary>
    /// <param name="Sentence">Ours; empty where a server stops at its own words, before it comes to rules.</param>
    /// <param name="Server">Words of the schema's refusal: the field, and what is allowed.</param>
    public sealed record Row(string Spec, string Sentence, params string[] Server);

    public static readonly Row[] All =
    [
        new("target: {}", SessionMessages.OneSelector),
        new("target: {podName: p, podSelector: {matchLabels: {a: b}}}", SessionMessages.OneSelector),
        new(
            "target: {podName: p, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: x}}",
            SessionMessages.OneSelector
        ),
        new("target: {podSelector: {}}", SessionMessages.EmptySelector),
        new("target: {podSelector: {matchExpressions: [{key: a, operator: In}]}}", SessionMessages.SelectorValues),
        new(
            "target: {podSelector: {matchExpressions: [{key: a, operator: Exists, values: [x]}]}}",
            SessionMessages.SelectorValues
        ),
        new(
            "target: {podSelector: {matchExpressions: [{key: a, operator: Like}]}}",
            "",
            "spec.target.podSelector.matchExpressions",
            "operator: Unsupported value",
            "supported values",
            "\"In\", \"NotIn\"",
            "DoesNotExist"
        ),
        new("target: {workloadRef: {apiVersion: batch/v1, kind: Deployment, name: x}}", SessionMessages.WorkloadKind),
        new("target: {workloadRef: {apiVersion: apps/v1, kind: Job, name: x}}", SessionMessages.WorkloadKind),
        new(
            "target: {workloadRef: {apiVersion: v1, kind: ReplicationController, name: x}}",
            "",
            "spec.target.workloadRef.kind",
            "supported values",
            "Deployment",
            "StatefulSet",
            "DaemonSet",
            "ReplicaSet",
            "Job",
            "CronJob"
        ),
        new("target: {podSelector: {matchLabels: {'bad key!': x}}}", SessionMessages.SelectorLabel),
        new("target: {podSelector: {matchLabels: {a: 'x y'}}}", SessionMessages.SelectorLabel),
        new("target: {podSelector: {matchLabels: {'a/b/c': x}}}", SessionMessages.SelectorLabel),
        new(
            "target: {podSelector: {matchExpressions: [{key: 'bad key!', operator: Exists}]}}",
            SessionMessages.SelectorLabel
        ),
        new(
            "target: {podSelector: {matchExpressions: [{key: a, operator: In, values: [b, '-c']}]}}",
            SessionMessages.SelectorLabel
        ),
        new(Ok + "\nduration: 3000000h", SessionMessages.Duration),
        new(Ok + "\nduration: 9999999h9999999h9999999h", SessionMessages.Duration),
        new("target: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: ../x}}", SessionMessages.WorkloadName),
        new("target: {podName: Not_A_Name}", SessionMessages.PodName),
        new("target: {podName: p, processName: /usr/bin/x}", SessionMessages.ProcessName),
        new(
            "target: {podName: p, processName: ''}",
            SessionMessages.ProcessName,
            "spec.target.processName in body should be at least 1 chars long"
        ),
        new("target: {podName: p, containerName: a_b}", SessionMessages.ContainerName),
        new(
            "target: {podName: p, maxPods: 0}",
            SessionMessages.MaxPods,
            "spec.target.maxPods in body should be greater than or equal to 1"
        ),
        new(
            "target: {podName: p, maxPods: 501}",
            SessionMessages.MaxPods,
            "spec.target.maxPods in body should be less than or equal to 500"
        ),
        new(Ok + "\nduration: 100ms", SessionMessages.Duration),
        new(Ok + "\nduration: 31m", SessionMessages.Duration),
        new(Ok + "\nduration: soon", SessionMessages.Duration),
        new(Ok + "\nduration: -5s", SessionMessages.Duration),
        new(Ok + "\nduration: ''", SessionMessages.Duration),
        new(Ok + "\nthreshold: 10us", SessionMessages.Threshold),
        new(Ok + "\nthreshold: 11s", SessionMessages.Threshold),
        new(Ok + "\nthreshold: 5 ms", SessionMessages.Threshold),
        new(Ok + "\nthreshold: 5", "", "spec.threshold", "must be of type string"),
        new(Ok + "\nthreshold: 5s\nduration: 5s", SessionMessages.ThresholdBelowDuration),
        new(Ok + "\nstartDeadline: 5s", SessionMessages.StartDeadline),
        new(Ok + "\nstartDeadline: 31m", SessionMessages.StartDeadline),
        new(Ok + "\nresultsTTL: 30s", SessionMessages.ResultsTtl),
        new(Ok + "\nresultsTTL: a week", SessionMessages.ResultsTtl),
        new(Ok + "\nlookBack: 9s", SessionMessages.LookBack),
        new(Ok + "\nlookBack: a while", SessionMessages.LookBack),
        new(Ok + "\nexpect: {}", SessionMessages.ExpectEmpty),
        new(Ok + "\nexpect: {maxPoll: 10us}", SessionMessages.ExpectMaxPoll),
        new(Ok + "\nexpect: {maxPoll: never}", SessionMessages.ExpectMaxPoll),
        new(
            Ok + "\nexpect: {maxBlockedPercent: 101}",
            SessionMessages.ExpectMaxBlockedPercent,
            "spec.expect.maxBlockedPercent in body should be less than or equal to 100"
        ),
        new(
            Ok + "\nsampleFrequencyHz: 0",
            SessionMessages.Frequency,
            "spec.sampleFrequencyHz in body should be greater than or equal to 1"
        ),
        new(
            Ok + "\nsampleFrequencyHz: 1000",
            SessionMessages.Frequency,
            "spec.sampleFrequencyHz in body should be less than or equal to 999"
        ),
        new(
            Ok + "\noverheadBudgetPercent: 0.01",
            SessionMessages.Budget,
            "spec.overheadBudgetPercent in body should be greater than or equal to 0.1"
        ),
        new(
            Ok + "\noverheadBudgetPercent: 11",
            SessionMessages.Budget,
            "spec.overheadBudgetPercent in body should be less than or equal to 10"
        ),
        new(
            Ok + "\noutput: {topHotspots: 0}",
            SessionMessages.TopHotspots,
            "spec.output.topHotspots in body should be greater than or equal to 1"
        ),
        new(
            Ok + "\noutput: {topHotspots: 51}",
            SessionMessages.TopHotspots,
            "spec.output.topHotspots in body should be less than or equal to 50"
        ),
        new(
            Ok + "\noutput: {formats: [Excel]}",
            "",
            "spec.output.formats",
            "supported values",
            "Report",
            "Page",
            "FlameGraph",
            "Pprof",
            "ChromeTrace",
            "Folded",
            "Speedscope",
            "Targets"
        ),
        new(
            Ok + "\noutput: {formats: []}",
            SessionMessages.Formats,
            "spec.output.formats in body should have at least 1 items"
        ),
        // "should be at most 15 chars long", in later versions "may not be more than 15 bytes"; later versions also count the entries of lists
        new(Ok + "\nworkerThreadNames: [this-name-is-too-long]", "", "spec.workerThreadNames", " 15 "),
        // "missing required field "target"", in later versions "spec.target: Required value"
        new("duration: 5s", "", "required", "target"),
    ];
}
