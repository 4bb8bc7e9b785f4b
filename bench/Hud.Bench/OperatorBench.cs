using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hud.Kubernetes;

namespace Hud.Bench;

/// <summary>The operator's memory over many sessions, of agents that play a good run of a second; ten are in progress at a time.</summary>
internal static class OperatorBench
{
    /// <param name="args">Kubeconfig, namespace, a running pod, number of sessions; the operator's pid on this machine.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not [var kubeconfig, var ns, var pod, var count, var pid])
        {
            await Console.Error.WriteLineAsync(
                "usage: Hud.Bench operator KUBECONFIG NAMESPACE POD SESSIONS OPERATOR-PID"
            );
            return 2;
        }
        using var client = new KubernetesClient(
            Kubeconfig.Load(kubeconfig),
            new KubernetesClientOptions { UserAgent = "hud-bench" }
        );
        var all = int.Parse(count, CultureInfo.InvariantCulture);
        Console.WriteLine("| sessions finished | operator's memory MiB | most so far MiB |\n| --- | --- | --- |");
        Print(0, pid);
        const int Batch = 20;
        for (var done = 0; done < all; done += Batch)
        {
            var names = Enumerable
                .Range(done, Math.Min(Batch, all - done))
                .Select(i => "soak-" + i.ToString(CultureInfo.InvariantCulture))
                .ToList();
            await KubectlAsync(
                string.Join(
                    "---\n",
                    names.Select(n =>
                        $"apiVersion: hud.dev/v1alpha1\nkind: ProfilingSession\nmetadata: {{name: {n}}}\nspec: {{target: {{podName: {pod}, processName: play-good}}, duration: 1s, startDeadline: 10m}}\n"
                    )
                ),
                "--kubeconfig",
                kubeconfig,
                "-n",
                ns,
                "apply",
                "-f",
                "-"
            );
            for (var limit = Stopwatch.StartNew(); !await FinishedAsync(client, ns, names); await Task.Delay(500))
            {
                if (limit.Elapsed > TimeSpan.FromMinutes(10))
                    throw new TimeoutException("a batch of sessions did not end within 10 minutes");
            }
            Print(done + names.Count, pid);
        }
        return 0;
    }

    private static async Task<bool> FinishedAsync(KubernetesClient client, string ns, List<string> names)
    {
        using var list = JsonDocument.Parse(
            await client.GetRawAsync(
                $"/apis/hud.dev/v1alpha1/namespaces/{ns}/profilingsessions",
                CancellationToken.None
            )
        );
        var ended = list
            .RootElement.GetProperty("items")
            .EnumerateArray()
            .Where(s =>
                s.TryGetProperty("status", out var status)
                && status.TryGetProperty("phase", out var phase)
                && phase.GetString() is "Completed" or "Failed"
            )
            .Select(s => s.GetProperty("metadata").GetProperty("name").GetString()!)
            .ToHashSet(StringComparer.Ordinal);
        return names.TrueForAll(ended.Contains);
    }

    private static async Task KubectlAsync(string input, params string[] arguments)
    {
        using var kubectl = Process.Start(
            new ProcessStartInfo("kubectl", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true }
        )!;
        await kubectl.StandardInput.WriteAsync(input);
        kubectl.StandardInput.Close();
        await kubectl.StandardOutput.ReadToEndAsync();
        await kubectl.WaitForExitAsync();
        if (kubectl.ExitCode != 0)
            throw new InvalidOperationException("kubectl apply failed");
    }

    private static void Print(int sessions, string pid)
    {
        var status = File.ReadLines($"/proc/{pid}/status")
            .Select(l => l.Split(':', StringSplitOptions.TrimEntries))
            .ToDictionary(w => w[0], w => w[1], StringComparer.Ordinal);
        Console.WriteLine($"| {sessions} | {Mib(status["VmRSS"])} | {Mib(status["VmHWM"])} |");
    }

    private static string Mib(string kib) =>
        (int.Parse(kib.Split(' ')[0], CultureInfo.InvariantCulture) / 1024).ToString(CultureInfo.InvariantCulture);
}
