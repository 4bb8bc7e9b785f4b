using System.Globalization;
using System.Text.Json.Nodes;
using Hud.Kubernetes;

namespace Hud.ClusterTests.Harness;

/// <summary>
/// A kubelet before 1.22 can lose a pod whose containers ended while it was being deleted: the pod's worker is gone, and the pod stays
/// Terminating for ever (kubernetes/kubernetes#106734), with its namespace. Such a pod is taken out of the API as its administrator
/// would do it, with a line on stderr. Only one of which no process is left is: an agent that does not end is our own fault, and stays.
/// </summary>
internal static class LostPods
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    /// <summary>Looks after the node until it is cancelled.</summary>
    public static async Task WatchAsync(Cluster cluster, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                await Task.Delay(TimeSpan.FromSeconds(10), cancellation);
                await SweepAsync(cluster, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // the tests are over
        }
    }

    private static async Task SweepAsync(Cluster cluster, CancellationToken cancellation)
    {
        try
        {
            var pods = JsonNode.Parse(await cluster.Client.GetRawAsync("/api/v1/pods", cancellation))![
                "items"
            ]!.AsArray();
            foreach (var pod in pods.Where(p => IsLost(p!, DateTimeOffset.UtcNow)))
            {
                var (ns, name) = ($"{pod!["metadata"]!["namespace"]}", $"{pod["metadata"]!["name"]}");
                await Console.Error.WriteLineAsync(
                    $"the kubelet lost pod {ns}/{name}, which has ended: deleted by force"
                );
                await cluster.KubectlAsync(
                    "-n",
                    ns,
                    "delete",
                    "pod",
                    name,
                    "--grace-period=0",
                    "--force",
                    "--wait=false"
                );
            }
        }
        catch (Exception e)
            when (e is KubernetesException or TransportException
                || (e is OperationCanceledException && !cancellation.IsCancellationRequested)
            )
        {
            // tests take the API server away; the next look is in ten seconds
        }
    }

    /// <summary>Its time to end has been over for long, and of none of its containers is a process left.</summary>
    private static bool IsLost(JsonNode pod, DateTimeOffset now) =>
        // the time by which the pod should be gone: its grace period is in it
        pod["metadata"]!["deletionTimestamp"]?.GetValue<string>()
            is { } due
        && now - DateTimeOffset.Parse(due, CultureInfo.InvariantCulture) > Patience
        && Node.Pids(pod).Count == 0;
}
