using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hud.Core;
using Hud.Core.Profile;
using Hud.Kubernetes;

namespace Hud.Bench;

/// <summary>
/// How long a user of a cluster waits: from <c>kubectl apply</c> to the first sample, and from the end of the run to <c>Complete</c>. Both ends of
/// either time are of one clock only where node and user are one machine, as with tests/cluster/up.sh.
/// </summary>
internal static class ClusterBench
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    /// <param name="args">Kubeconfig, namespace, a pod with a Tokio program, number of sessions.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not [var kubeconfig, var ns, var pod, var count])
        {
            await Console.Error.WriteLineAsync("usage: Hud.Bench cluster KUBECONFIG NAMESPACE POD SESSIONS");
            return 2;
        }
        using var client = new KubernetesClient(
            Kubeconfig.Load(kubeconfig),
            new KubernetesClientOptions { UserAgent = "hud-bench" }
        );
        var (start, end) = (new List<double>(), new List<double>());
        for (var i = 0; i < int.Parse(count, CultureInfo.InvariantCulture); i++)
        {
            var (toSample, toComplete) = await OneAsync(
                client,
                kubeconfig,
                ns,
                pod,
                "bench-" + i.ToString(CultureInfo.InvariantCulture)
            );
            start.Add(toSample);
            end.Add(toComplete);
        }
        Console.WriteLine("| wait | sessions | median s | p95 s | longest s |\n| --- | --- | --- | --- | --- |");
        Print("apply to first sample", start);
        Print("end of the run to Complete", end);
        return 0;
    }

    private static async Task<(double ToSample, double ToComplete)> OneAsync(
        KubernetesClient client,
        string kubeconfig,
        string ns,
        string pod,
        string name
    )
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(
            file,
            $"apiVersion: hud.dev/v1alpha1\nkind: ProfilingSession\nmetadata: {{name: {name}}}\nspec: {{target: {{podName: {pod}}}, duration: 5s, output: {{formats: [Report]}}}}\n"
        );
        var applied = DateTimeOffset.UtcNow;
        using (
            var kubectl = Process.Start(
                new ProcessStartInfo("kubectl", ["--kubeconfig", kubeconfig, "-n", ns, "apply", "-f", file])
                {
                    RedirectStandardOutput = true,
                }
            )!
        )
            await kubectl.WaitForExitAsync();
        File.Delete(file);
        for (var limit = Stopwatch.StartNew(); limit.Elapsed < TimeSpan.FromMinutes(3); await Task.Delay(Poll))
        {
            using var session = JsonDocument.Parse(
                await client.GetRawAsync(
                    $"/apis/hud.dev/v1alpha1/namespaces/{ns}/profilingsessions/{name}",
                    CancellationToken.None
                )
            );
            if (
                !session.RootElement.TryGetProperty("status", out var status)
                || !status.TryGetProperty("conditions", out var conditions)
            )
                continue;
            var done = conditions
                .EnumerateArray()
                .FirstOrDefault(c =>
                    c.GetProperty("type").GetString() is "Complete" or "Failed"
                    && c.GetProperty("status").GetString() == "True"
                );
            if (done.ValueKind == JsonValueKind.Undefined)
                continue;
            var seen = DateTimeOffset.UtcNow;
            if (done.GetProperty("type").GetString() == "Failed")
                throw new InvalidOperationException(
                    $"session {name} failed: {done.GetProperty("message").GetString()}"
                );
            var summary = (await ReportAsync(client, ns, name)).Summary;
            return (
                (summary.StartedAt - applied).TotalSeconds,
                (seen - summary.StartedAt.AddTicks(summary.ObservedNs / 100)).TotalSeconds
            );
        }
        throw new TimeoutException($"session {name} did not end within 3 minutes");
    }

    private static async Task<ProfileDocument> ReportAsync(KubernetesClient client, string ns, string name)
    {
        using var map = JsonDocument.Parse(
            await client.GetRawAsync($"/api/v1/namespaces/{ns}/configmaps/{name}-report", CancellationToken.None)
        );
        return JsonSerializer.Deserialize(
            map.RootElement.GetProperty("data").GetProperty("report.json").GetString()!,
            HudJson.Default.ProfileDocument
        )!;
    }

    private static void Print(string what, List<double> seconds)
    {
        seconds.Sort();
        // nearest rank: of 20 the 19th
        var p95 = seconds[(int)Math.Ceiling(0.95 * seconds.Count) - 1];
        Console.WriteLine(
            FormattableString.Invariant(
                $"| {what} | {seconds.Count} | {seconds[seconds.Count / 2]:0.00} | {p95:0.00} | {seconds[^1]:0.00} |"
            )
        );
    }
}
