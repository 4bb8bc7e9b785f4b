using Hud.Core.Api;
using Hud.Kubernetes.Tests.Scripted;
using Hud.Operator.Targets;

namespace Hud.Operator.Tests;

public sealed class CronJobTests
{
    private static readonly TargetSpec Target = new() { WorkloadRef = new("batch/v1", "CronJob", "nightly") };

    private static string Job(string name, string owner, int active) =>
        $$$"""
            {"metadata": {"name": "{{{name}}}", "creationTimestamp": "2026-01-05T10:00:00Z",
              "ownerReferences": [{"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": "{{{owner}}}", "controller": true}] },
             "spec": {"selector": {"matchLabels": {"controller-uid": "{{{name}}}"} } }, "status": {"active": {{{active}}} } }
            """;

    private static async Task<(Selection Selection, IReadOnlyList<string> Asked)> ResolveAsync(params string[] jobs)
    {
        await using var server = new ScriptedServer(
            (request, answer) =>
                request.Target.Contains("/cronjobs/nightly", StringComparison.Ordinal)
                    ? answer.JsonAsync(
                        """{"metadata":{"name":"nightly","uid":"cron-1"},"spec":{"schedule":"0 3 * * *"}}"""
                    )
                : request.Target.Contains("/cronjobs/", StringComparison.Ordinal)
                    ? answer.ErrorAsync(404, "NotFound", "no such thing")
                : request.Target.Contains("/jobs", StringComparison.Ordinal)
                    ? answer.JsonAsync(
                        $$"""{"metadata":{"resourceVersion":"1"},"items":[{{string.Join(',', jobs)}}]}"""
                    )
                : answer.JsonAsync(
                    """
                    {"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"nightly-1-x","namespace":"shop","uid":"u"},
                     "spec":{"nodeName":"n1","containers":[{"name":"app"}]},
                     "status":{"phase":"Running","containerStatuses":[{"name":"app","containerID":"containerd://c","state":{"running":{}}}]}}]}
                    """
                )
        );
        using var client = server.Client();
        var selection = await new TargetResolver(client, Make.Options).ResolveAsync(
            "shop",
            Target,
            CancellationToken.None
        );
        return (
            selection,
            [.. server.Requests.Select(r => r.Target).Where(t => t.Contains("/pods", StringComparison.Ordinal))]
        );
    }

    [Fact]
    public async Task A_cron_job_means_the_pods_of_its_running_jobs()
    {
        var (selection, asked) = await ResolveAsync(
            Job("ended", "cron-1", 0),
            Job("runs", "cron-1", 1),
            Job("anothers", "cron-2", 1)
        );
        Assert.Equal(["nightly-1-x"], selection.Targets.Select(t => t.Pod));
        Assert.Contains("labelSelector=controller-uid=runs", Assert.Single(asked), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Between_two_runs_the_next_one_is_waited_for()
    {
        var (selection, _) = await ResolveAsync(Job("ended", "cron-1", 0));
        Assert.Equal(
            (false, false, "NoMatchingPods", "no Job of CronJob nightly is running"),
            (selection.Resolved, selection.Final, selection.Reason, selection.Message)
        );
    }
}
