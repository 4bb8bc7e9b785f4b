using System.Net;
using Hud.Core.Api;
using Hud.Kubernetes;
using k8s.Models;

namespace Hud.Operator.Targets;

public sealed partial class TargetResolver
{
    /// <summary>Pods of one look: twice as many as a policy may have.</summary>
    public const int MaxLookPods = 1000;

    /// <summary>Bytes that the server sends for one look: a pod that is 10 KB as usual, three times over.</summary>
    public const long MaxLookBytes = 32L << 20;

    /// <summary>Bytes of one answer: 50 pods are half of it.</summary>
    public const int MaxPageBytes = 1 << 20;

    private const int PageSize = 50;

    /// <summary>Those that ended are not even sent.</summary>
    private const string NotEnded = "status.phase!=Succeeded,status.phase!=Failed";

    /// <summary>One look at a time, whoever's it is: the operator's memory has room for one.</summary>
    private readonly SemaphoreSlim _looks = new(1, 1);

    /// <summary>
    /// What agents that watch all the time are to watch now. It is asked every few seconds, for as long as the policy is there, and who may edit the
    /// namespace says how many pods there are and how big: hence small pages, of which little is kept, and bounds on all of it.
    /// </summary>
    /// <param name="watched">UIDs of pods that are watched by now: they stay, where not all have room.</param>
    public async Task<WatchedTargets> WatchedAsync(
        string ns,
        TargetSpec target,
        IReadOnlySet<string> watched,
        DateTimeOffset now,
        CancellationToken cancel
    )
    {
        await _looks.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            var look = new Look(client, target);
            var found = await FindAsync(ns, target, cancel, look).ConfigureAwait(false);
            return found.None is { } none
                ? WatchedTargets.None(none.Reason, none.Message)
                : WatchedTargets.Choose(
                    target,
                    found.Pods,
                    watched,
                    options.Continuous.MaxPodsPerPolicy,
                    now,
                    look.SawAll
                );
        }
        catch (AnswerTooLongException e)
        {
            return Unknown(
                Selection.TargetTooLarge,
                $"an object that has to be read for the target is larger than {MaxPageBytes >> 10} KiB: {e.Operation}"
            );
        }
        catch (ForbiddenException e)
        {
            return Unknown(Selection.NotPermitted, $"the operator may not look for the target: {Said(e)}");
        }
        catch (KubernetesException e) when (e.Code is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity)
        {
            return Unknown(Selection.Refused, $"the API server refuses the target: {Said(e)}");
        }
        catch (Exception e) when (e is KubernetesException or TransportException)
        {
            return Unknown(Selection.ServerUnavailable, $"the API server cannot say which pods there are: {Said(e)}");
        }
        finally
        {
            _looks.Release();
        }
    }

    /// <summary>One look at the pods that a target means, within the bounds that there are for all of them together.</summary>
    private sealed class Look(KubernetesClient client, TargetSpec target)
    {
        private int _items;
        private long _bytes;

        public bool SawAll { get; private set; } = true;

        /// <summary>Jobs have bounds of their own: a namespace may have many that ended long ago.</summary>
        public async Task AtJobsAsync(string ns, Action<V1Job> take, CancellationToken cancel)
        {
            var read = await client
                .EachAsync(
                    EntityTypes.Jobs,
                    ns,
                    new ListOptions(PageSize: PageSize),
                    new PageBounds(int.MaxValue, MaxLookBytes, MaxPageBytes),
                    take,
                    cancel
                )
                .ConfigureAwait(false);
            SawAll &= read.All;
        }

        /// <param name="pods">Gets what <see cref="WatchedTargets.Choose"/> needs of each.</param>
        public async Task AtPodsAsync(string ns, string selector, List<V1Pod> pods, CancellationToken cancel)
        {
            var bounds = new PageBounds(MaxLookPods - _items, MaxLookBytes - _bytes, MaxPageBytes);
            if (bounds.Items <= 0 || bounds.Bytes <= 0)
            {
                SawAll = false;
                return;
            }
            var read = await client
                .EachAsync(
                    EntityTypes.Pods,
                    ns,
                    new ListOptions(selector, NotEnded, PageSize),
                    bounds,
                    pod => pods.Add(WatchedTargets.Reduce(target, pod)),
                    cancel
                )
                .ConfigureAwait(false);
            _items += read.Items;
            _bytes += read.Bytes;
            SawAll &= read.All;
        }
    }

    private static WatchedTargets Unknown(string reason, string message) =>
        WatchedTargets.None(reason, message) with
        {
            IsKnown = false,
        };
}
