namespace Hud.CrdTests.Harness;

/// <summary>Specs that differ from a good one in one field: at its bounds, just beyond them, and far from what is meant.</summary>
internal static class Values
{
    private const string Ok = "target: {podName: p}";

    private static readonly string[] Durations =
    [
        // at and around the bounds of each field
        "1s",
        "999ms",
        "999999999ns",
        "0.9999999999s",
        "1.9s",
        "30m",
        "30m0.000000001s",
        "1800000ms",
        "1800000000000ns",
        "100us",
        "99us",
        "99.999us",
        "0.1ms",
        "100000ns",
        "10s",
        "9.999s",
        "10.001s",
        "1m",
        "59.9s",
        "8760h",
        "8760h1ns",
        "525600m",
        "31536000s",
        "31536000000000000ns",
        // how it may be written
        "1m30s",
        "1h1m1s1ms1us1ns",
        "0.5h",
        ".5m",
        "5.s",
        "5.5.5s",
        ".s",
        "1m 30s",
        "1e3s",
        "+5s",
        "-5s",
        "100\u00b5s",
        "100\u03bcs",
        "5S",
        "5 s",
        "5",
        "5d",
        "s",
        "0",
        "0s",
        "\uff15s",
        "5s\\n",
        "",
        "soon",
        // numbers that no 64 bits of nanoseconds hold, and sums of such
        "3000000h",
        "2562047h",
        "999999999999h",
        "153722868m",
        "9223372037s",
        "99999999999999999999ns",
        "9999999h9999999h9999999h",
        "0000000000000000000000000001s",
        "0.0000000000000000000000000001h",
        "000000000000000000000000000000001s", // 34 characters
    ];

    private static readonly string[] Names =
    [
        "p",
        "checkout-7d9f-x2x",
        "a.b-c.d",
        "0",
        "A",
        "a_b",
        "-a",
        "a-",
        "a..b",
        ".a",
        "a/b",
        "",
        "\u00e9",
        "a\\n",
        new('a', 63),
        new('a', 64),
        new('a', 253),
        new('a', 254),
    ];

    public static IEnumerable<string> All()
    {
        foreach (var value in Durations)
        {
            // "threshold" and "duration" are compared with each other: each is tried beside values that leave it room
            yield return $"{Ok}\nthreshold: 100us\nduration: \"{value}\"";
            yield return $"{Ok}\nduration: 30m\nthreshold: \"{value}\"";
            yield return $"{Ok}\nduration: \"{value}\"";
            yield return $"{Ok}\nthreshold: \"{value}\"\nduration: 5s";
            foreach (var field in (string[])["startDeadline: ", "resultsTTL: ", "lookBack: ", "expect: {maxPoll: "])
                yield return $"{Ok}\n{field}\"{value}\"{(field[^2] == ' ' || !field.Contains('{', StringComparison.Ordinal) ? "" : "}")}";
        }
        foreach (var name in Names)
        {
            yield return $"target: {{podName: \"{name}\"}}";
            yield return $"target: {{workloadRef: {{apiVersion: apps/v1, kind: Deployment, name: \"{name}\"}}}}";
            yield return $"target: {{podName: p, containerName: \"{name}\"}}";
            yield return $"target: {{podName: p, processName: \"{name}\"}}";
            yield return $"{Ok}\nworkerThreadNames: [\"{name}\"]";
        }
        foreach (
            var number in (string[])
                [
                    "-1",
                    "0",
                    "0.05",
                    "0.1",
                    "1",
                    "1.5",
                    "1.0",
                    "1e1",
                    "10",
                    "10.1",
                    "50",
                    "51",
                    "99.0",
                    "100",
                    "100.1",
                    "101",
                    "999",
                    "1000",
                    "2147483648",
                    "1e400",
                    "\"5\"",
                    "true",
                    "null",
                ]
        )
        {
            yield return $"target: {{podName: p, maxPods: {number}}}";
            foreach (var field in (string[])["sampleFrequencyHz", "overheadBudgetPercent"])
                yield return $"{Ok}\n{field}: {number}";
            yield return $"{Ok}\noutput: {{topHotspots: {number}}}";
            yield return $"{Ok}\nexpect: {{maxBlockedPercent: {number}}}";
        }
        foreach (
            var (kind, group) in from k in (string[])
                ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod", "deployment", ""]
            from g in (string[])["apps/v1", "batch/v1", "apps/v1beta1", ""]
            select (k, g)
        )
            yield return $"target: {{workloadRef: {{apiVersion: \"{group}\", kind: \"{kind}\", name: x}}}}";
        foreach (
            var formats in (string[])
                [
                    "[]",
                    "[Report, Report]",
                    "[Report, Page, FlameGraph, Pprof, ChromeTrace, Folded, Speedscope, Targets]",
                    "[report]",
                    "[Excel]",
                    "[null]",
                    "null",
                    "Report",
                ]
        )
            yield return $"{Ok}\noutput: {{formats: {formats}}}";
        foreach (
            var names in (string[])
                [
                    "[]",
                    "null",
                    "[null]",
                    "[a, a]",
                    $"[{List(16)}]",
                    $"[{List(17)}]",
                    "[\"\"]",
                    "[\"\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\"]",
                ]
        )
            yield return $"{Ok}\nworkerThreadNames: {names}";
        foreach (
            var rest in (string[])
                [
                    "suspend: true",
                    "suspend: null",
                    "suspend: 1",
                    "expect: null",
                    "expect: {}",
                    "output: null",
                    "output: {}",
                    "resultsTTL: null",
                    "lookBack: null",
                    "expect: {maxPoll: null}",
                ]
        )
            yield return $"{Ok}\n{rest}";
        foreach (var selector in Selectors())
            yield return $"target: {{podSelector: {selector}}}";
        yield return "target: {}";
        yield return "target: null";
        yield return "suspend: true";
        yield return "target: {podName: null}";
        yield return "target: {podName: null, podSelector: {matchLabels: {a: b}}}";
        yield return "target: {podName: p, podSelector: {matchLabels: {a: b}}}";
    }

    private static IEnumerable<string> Selectors()
    {
        yield return "{}";
        yield return "{matchLabels: {}}";
        yield return "{matchExpressions: []}";
        yield return "{matchLabels: null, matchExpressions: null}";
        foreach (var count in (int[])[1, 31, 32, 33])
        {
            yield return $"{{matchLabels: {{{string.Join(", ", Enumerable.Range(0, count).Select(i => $"k{i}: v"))}}}}}";
            yield return $"{{matchExpressions: [{string.Join(", ", Enumerable.Range(0, count).Select(i => $"{{key: k{i}, operator: Exists}}"))}]}}";
            yield return $"{{matchLabels: {{{string.Join(", ", Enumerable.Range(0, count).Select(i => $"k{i}: v"))}}}, matchExpressions: [{{key: a, operator: Exists}}]}}";
            yield return $"{{matchLabels: {{{string.Join(", ", Enumerable.Range(0, count).Select(i => $"k{i}: v"))}}}, matchExpressions: [{string.Join(", ", Enumerable.Range(0, count).Select(i => $"{{key: k{i}, operator: In, values: [{List(64)}]}}"))}]}}";
        }
        foreach (var label in Labels)
        {
            yield return $"{{matchLabels: {{\"{label}\": x}}}}";
            yield return $"{{matchLabels: {{a: \"{label}\"}}}}";
            yield return $"{{matchExpressions: [{{key: \"{label}\", operator: Exists}}]}}";
            yield return $"{{matchExpressions: [{{key: a, operator: In, values: [\"{label}\"]}}]}}";
        }
        foreach (
            var (operation, values) in from o in (string[])["In", "NotIn", "Exists", "DoesNotExist", "in", "Gt", ""]
            from v in (string[])["[]", "[x]", "[x, x]", "null", $"[{List(64)}]", $"[{List(65)}]"]
            select (o, v)
        )
            yield return $"{{matchExpressions: [{{key: a, operator: \"{operation}\", values: {values}}}]}}";
        yield return "{matchExpressions: [{operator: Exists}]}";
        yield return "{matchExpressions: [{key: a}]}";
        yield return "{matchLabels: {a: null}}";
        yield return "{matchLabels: {a: 5}}";
    }

    private static readonly string[] Labels =
    [
        "",
        "x",
        "app.kubernetes.io/name",
        "a_b.c-d",
        "bad key!",
        "x y",
        "-a",
        "a-",
        "a/",
        "/a",
        "a/b/c",
        "A.b/c",
        "a..b/c",
        "\u00e9",
        "x\\n",
        new('a', 63),
        new('a', 64),
        new string('a', 253) + "/b",
        new string('a', 254) + "/b",
        new string('a', 253) + "/" + new string('b', 63),
        new string('a', 253) + "/" + new string('b', 64),
    ];

    private static string List(int count) => string.Join(", ", Enumerable.Range(0, count).Select(i => $"n{i}"));
}
