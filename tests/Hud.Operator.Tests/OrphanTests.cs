using System.Collections.Concurrent;
using System.Text.Json;
using Hud.Kubernetes;
using Hud.Kubernetes.Tests.Scripted;
using Hud.Operator.Entities;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;
using k8s.Models;

namespace Hud.Operator.Tests;

public sealed class OrphanTests
{
    private static readonly SessionEntity Runs = Make.Session(uid: "runs", status: Make.Status(Make.Target(0)));

    private static SessionEntity Done()
    {
        var target = Make.Target(0);
        return Make.Session(
            uid: "done",
            status: SessionDecider
                .Decide(Make.Observation(Make.Status(target), [Make.Agent(Make.Ended(), Make.Done(target))]))
                .Status
        );
    }

    private static V1Pod Agent(string session, int ageSeconds, string name = "checkout") =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = $"a-{session}-{ageSeconds}",
                Uid = "pod-of-" + session,
                CreationTimestamp = Make.Now.UtcDateTime.AddSeconds(-ageSeconds),
                Labels = new Dictionary<string, string>() { [Names.SessionUidLabel] = session },
                Annotations = new Dictionary<string, string>() { [Names.SessionAnnotation] = "shop/" + name },
            },
        };

    [Fact]
    public void Agents_of_sessions_that_are_over_are_orphans_after_a_minute_and_those_without_a_session_at_once()
    {
        var orphans = OrphanSweep.Orphans(
            [Runs, Done()],
            [Agent("runs", 300), Agent("done", 300), Agent("done", 50), Agent("gone", 300), Agent("gone", 5)],
            Make.Now
        );
        Assert.Equal(
            [("a-done-300", false), ("a-gone-300", true), ("a-gone-5", true)],
            orphans.Select(o => (o.Pod.Metadata.Name, o.Unseen))
        );
    }

    [Fact]
    public void Sessions_without_a_UID_or_with_one_twice_break_nothing_and_shield_nobody()
    {
        var done = Done();
        var again = Make.Session(name: "again", uid: "done", status: Make.Status(Make.Target(0)));
        var orphans = OrphanSweep.Orphans(
            [Make.Session(uid: ""), Make.Session(name: "other", uid: ""), done, again, Runs, Runs],
            [Agent("", 300), Agent("done", 300), Agent("runs", 300)],
            Make.Now
        );
        Assert.Equal([("a--300", true)], orphans.Select(o => (o.Pod.Metadata.Name, o.Unseen)));
    }

    [Fact]
    public async Task An_agent_whose_session_is_only_not_in_view_yet_is_left_alone()
    {
        var deleted = new ConcurrentQueue<string>();
        await using var server = new ScriptedServer(
            (request, answer) =>
            {
                var name = request.Target.Split('?')[0].Split('/')[^1];
                if (request.Method == "DELETE")
                    deleted.Enqueue(name);
                return name switch
                {
                    "new" => answer.JsonAsync(
                        JsonSerializer.Serialize(Make.Session(name: "new", uid: "new"), SessionType.Sessions.Json)
                    ),
                    "next" => answer.JsonAsync(
                        JsonSerializer.Serialize(Make.Session(name: "next", uid: "another"), SessionType.Sessions.Json)
                    ),
                    "unclear" => answer.ErrorAsync(500, "InternalError", "not now"),
                    _ => answer.ErrorAsync(404, "NotFound", "no such thing"),
                };
            }
        );
        using var client = server.Client();
        var log = new Log(TextWriter.Null, LogLevel.Error, TimeProvider.System);
        var sweep = new OrphanSweep(
            client,
            new Informer<SessionEntity>(client, SessionType.Sessions, new InformerOptions()),
            new Informer<V1Pod>(client, EntityTypes.Pods, new InformerOptions()),
            new SessionActions(client, Make.Options, TimeProvider.System, log),
            TimeProvider.System,
            log
        );

        await sweep.SweepAsync(
            [Runs],
            [
                Agent("unclear", 9, "unclear"),
                Agent("new", 9, "new"),
                Agent("last", 9, "next"),
                Agent("gone", 9, "gone"),
                Agent("runs", 9),
            ],
            CancellationToken.None
        );

        // another one of the same name is another one
        Assert.Equal(["a-last-9", "a-gone-9"], deleted);
    }
}
