using System.Diagnostics;
using System.Text.Json.Nodes;
using Hud.ClusterTests.Harness;
using Hud.Kubernetes;

namespace Hud.ClusterTests.Chaos;

/// <summary>
/// Kubelet and container runtime, killed in the middle of making a container and with a clock that jumps, can disagree for ever about what
/// there is: the pod's container is not made, and the error stays the same. An administrator deletes such a pod; this does it, says what the
/// error was, and counts it. What ends by itself within a minute is left to end.
/// </summary>
internal sealed class StuckPods(Cluster cluster, World world)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, long> _since = new(StringComparer.Ordinal);

    public int Deleted { get; private set; }

    /// <summary>Looks every five seconds until it is cancelled.</summary>
    public async Task WatchAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                await Task.Delay(TimeSpan.FromSeconds(5), cancellation);
                try
                {
                    foreach (var space in (string[])[Cluster.System, world.Name])
                        await SweepAsync(space);
                }
                catch (Exception e) when (e is KubernetesException or TransportException or HttpRequestException)
                {
                    // the API server is away as well
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // the test is over
        }
    }

    private async Task SweepAsync(string space)
    {
        foreach (var pod in await cluster.ListAsync("pods", space))
        {
            var uid = pod!["metadata"]!["uid"]!.GetValue<string>();
            if (Error(pod) is not { } error)
            {
                _since.Remove(uid);
                continue;
            }

            // not by the clock that the test sets
            if (_since.TryAdd(uid, Stopwatch.GetTimestamp()) || Stopwatch.GetElapsedTime(_since[uid]) < Patience)
                continue;
            var name = pod["metadata"]!["name"]!.GetValue<string>();
            await Console.Error.WriteLineAsync($"chaos: pod {space}/{name} is stuck and deleted: {error}");
            await cluster.KubectlAsync("-n", space, "delete", "pod", name, "--grace-period=0", "--force");
            _since.Remove(uid);
            Deleted++;
        }
    }

    private static string? Error(JsonNode pod) =>
        (pod["status"]?["containerStatuses"]?.AsArray() ?? [])
            .Select(c => c!["state"]?["waiting"])
            .Where(w => w?["reason"]?.GetValue<string>() is "CreateContainerError" or "RunContainerError")
            .Select(w => $"{w!["reason"]}: {w["message"]}")
            .FirstOrDefault();
}
