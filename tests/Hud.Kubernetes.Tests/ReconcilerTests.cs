using k8s.Models;

namespace Hud.Kubernetes.Tests;

public sealed class ReconcilerTests
{
    private const string Identifier = "example.com/left";
    private static readonly EntityKey Key = new("a", "x");
    private readonly Store<V1Pod> _store = new(
        new Dictionary<string, Func<V1Pod, IEnumerable<string>>>(StringComparer.Ordinal)
    );
    private readonly Latest<V1Pod> _latest;
    private readonly Played _played = new();

    public ReconcilerTests() => _latest = new Latest<V1Pod>(_store);

    private Reconciler<V1Pod> Reconciler(bool former = false) =>
        new(_latest, _played, [new RegisteredFinalizer<V1Pod>(Identifier, new Leaving(_latest, _played), former)]);

    private static V1Pod Pod(int version, string uid = "1", bool leaving = false, params string[] finalizers) =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = Key.Name,
                NamespaceProperty = Key.Namespace,
                Uid = uid,
                ResourceVersion = version.ToString(),
                DeletionTimestamp = leaving ? DateTime.UnixEpoch : null,
                Finalizers = finalizers,
            },
        };

    [Fact]
    public async Task What_is_there_is_reconciled_and_what_is_gone_is_handed_over_in_its_last_state()
    {
        var reconciler = Reconciler();
        _store.Put(Pod(1));
        await reconciler.ReconcileAsync(Key, CancellationToken.None);
        _store.Remove(Key);
        reconciler.Gone(Pod(2));
        await reconciler.ReconcileAsync(Key, CancellationToken.None);
        Assert.Equal(["reconcile a/x 1", "deleted a/x 2"], _played.Calls);
    }

    [Fact]
    public async Task What_was_gone_before_anyone_looked_has_its_name_alone()
    {
        await Reconciler().ReconcileAsync(Key, CancellationToken.None);
        Assert.Equal(["deleted a/x "], _played.Calls);
    }

    [Fact]
    public async Task The_last_state_is_kept_until_the_deletion_has_been_dealt_with()
    {
        var reconciler = Reconciler();
        reconciler.Gone(Pod(2));
        _played.Fail = true;
        await reconciler.ReconcileAsync(Key, CancellationToken.None);
        _played.Fail = false;
        await reconciler.ReconcileAsync(Key, CancellationToken.None);
        await reconciler.ReconcileAsync(Key, CancellationToken.None);
        Assert.Equal(["deleted a/x 2", "deleted a/x 2", "deleted a/x "], _played.Calls);
    }

    [Fact]
    public async Task Another_one_of_the_name_is_reconciled_and_the_former_is_forgotten()
    {
        var reconciler = Reconciler();
        reconciler.Gone(Pod(2));
        _store.Put(Pod(3, uid: "2"));
        await reconciler.ReconcileAsync(Key, CancellationToken.None);
        _store.Remove(Key);
        await reconciler.ReconcileAsync(Key, CancellationToken.None);
        Assert.Equal(["reconcile a/x 3", "deleted a/x "], _played.Calls);
    }

    [Theory]
    [InlineData(false, false, true, false)]
    [InlineData(false, true, true, true)]
    [InlineData(false, true, false, false)]
    [InlineData(true, false, true, true)]
    [InlineData(true, true, true, true)]
    [InlineData(true, false, false, false)]
    public async Task A_finalizer_is_called_once_when_the_entity_has_it_and_is_leaving_or_it_is_a_former_one(
        bool former,
        bool leaving,
        bool has,
        bool called
    )
    {
        var reconciler = Reconciler(former);
        string[] finalizers = has ? ["example.com/other", Identifier] : ["example.com/other"];
        _store.Put(Pod(1, leaving: leaving, finalizers: finalizers));
        await reconciler.ReconcileAsync(Key, CancellationToken.None);
        // the informer has not seen the write yet
        await reconciler.ReconcileAsync(Key, CancellationToken.None);
        Assert.Equal(
            called ? ["finalize a/x 1", "reconcile a/x 2"] : ["reconcile a/x 1", "reconcile a/x 1"],
            _played.Calls
        );
    }

    [Fact]
    public void The_latest_state_is_our_own_write_until_the_store_has_a_newer_one_or_another_entity()
    {
        _store.Put(Pod(1));
        _latest.Wrote(Pod(5));
        Assert.Equal("5", _latest.Get(Key)!.Metadata.ResourceVersion);
        _store.Put(Pod(4));
        Assert.Equal("5", _latest.Get(Key)!.Metadata.ResourceVersion);
        _store.Put(Pod(6));
        Assert.Equal("6", _latest.Get(Key)!.Metadata.ResourceVersion);
        _latest.Wrote(Pod(9));
        _store.Put(Pod(8, uid: "2"));
        Assert.Equal("2", _latest.Get(Key)!.Metadata.Uid);
        _latest.Wrote(Pod(10, uid: "2"));
        _store.Remove(Key);
        Assert.Null(_latest.Get(Key));
    }

    private sealed class Played : IEntityController<V1Pod>
    {
        public List<string> Calls { get; } = [];

        public bool Fail { get; set; }

        public Task<ReconciliationResult<V1Pod>> ReconcileAsync(V1Pod entity, CancellationToken cancel) =>
            Note("reconcile", entity);

        public Task<ReconciliationResult<V1Pod>> DeletedAsync(V1Pod entity, CancellationToken cancel) =>
            Note("deleted", entity);

        public Task<ReconciliationResult<V1Pod>> Note(string what, V1Pod entity)
        {
            Calls.Add($"{what} {EntityKey.Of(entity)} {entity.Metadata.ResourceVersion}");
            return Task.FromResult(
                Fail
                    ? ReconciliationResult<V1Pod>.Failure(entity, "not yet")
                    : ReconciliationResult<V1Pod>.Success(entity)
            );
        }
    }

    private sealed class Leaving(Latest<V1Pod> latest, Played played) : IEntityFinalizer<V1Pod>
    {
        public Task<ReconciliationResult<V1Pod>> FinalizeAsync(V1Pod entity, CancellationToken cancel)
        {
            latest.Wrote(
                Pod(2, leaving: entity.Metadata.DeletionTimestamp is not null, finalizers: "example.com/other")
            );
            return played.Note("finalize", entity);
        }
    }
}
