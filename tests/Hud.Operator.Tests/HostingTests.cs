using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Entities;
using Hud.Operator.Hosting;
using Hud.Operator.Streams;
using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Hud.Operator.Tests;

/// <summary>What the host is made of, and how it ends.</summary>
public sealed class HostingTests
{
    private static readonly Log Quiet = new(TextWriter.Null, LogLevel.Error, TimeProvider.System);

    private static IHost Operator(OperatorOptions? options = null) =>
        OperatorHost.Build(
            new KubernetesClientConfiguration { Host = "http://127.0.0.1:1" },
            options ?? Make.Options,
            Quiet
        );

    [Fact]
    public void The_parts_are_stopped_in_this_order_from_the_last_to_the_first()
    {
        using var host = Operator();
        Assert.Equal(
            [
                typeof(HealthService),
                typeof(InformerService<SessionEntity>),
                typeof(InformerService<V1Pod>),
                typeof(InformerService<PolicyEntity>),
                typeof(LeaderService),
            ],
            host.Services.GetServices<IHostedService>().Select(s => s.GetType())
        );
    }

    [Fact]
    public async Task A_term_has_its_controller_and_the_former_finalizer_and_shares_only_the_views_with_the_next()
    {
        using var host = Operator();
        await using var one = host.Services.CreateAsyncScope();
        await using var two = host.Services.CreateAsyncScope();
        var controller = one.ServiceProvider.GetRequiredService<IEntityController<SessionEntity>>();
        Assert.Same(one.ServiceProvider.GetRequiredService<SessionController>(), controller);
        var finalizer = Assert.Single(one.ServiceProvider.GetServices<RegisteredFinalizer<SessionEntity>>());
        Assert.Equal(("hud.dev/agents", true), (finalizer.Identifier, finalizer.Former));
        Assert.IsType<FormerFinalizer>(finalizer.Finalizer);

        Assert.NotNull(one.ServiceProvider.GetRequiredService<Term>());
        Assert.NotSame(controller, two.ServiceProvider.GetRequiredService<SessionController>());
        Assert.NotSame(Of<WorkQueue<EntityKey>>(one), Of<WorkQueue<EntityKey>>(two));
        Assert.NotSame(Of<StreamFollowers>(one), Of<StreamFollowers>(two));
        Assert.NotSame(Of<Latest<SessionEntity>>(one), Of<Latest<SessionEntity>>(two));
        Assert.Same(Of<Informer<SessionEntity>>(one), Of<Informer<SessionEntity>>(two));

        static T Of<T>(AsyncServiceScope scope)
            where T : notnull => scope.ServiceProvider.GetRequiredService<T>();
    }

    [Fact]
    public void The_attribute_names_the_kind_that_the_client_asks_for()
    {
        var attribute = Assert.Single(
            typeof(SessionEntity).GetCustomAttributes(typeof(KubernetesEntityAttribute), inherit: false)
        );
        var named = Assert.IsType<KubernetesEntityAttribute>(attribute);
        var type = SessionType.Sessions;
        Assert.Equal(
            (type.Group, type.Version, type.Kind, type.Plural),
            (named.Group, named.ApiVersion, named.Kind, named.PluralName)
        );
        Assert.Equal(ProfilingSession.FullApiVersion, $"{named.Group}/{named.ApiVersion}");
    }

    [Fact]
    public async Task A_part_that_ends_by_itself_ends_the_program_with_1()
    {
        var said = new StringWriter();
        var other = new Other();
        using var host = Parts(other, async _ => await other.Started);
        var code = await OperatorHost.RunAsync(host, new Log(said, LogLevel.Error, TimeProvider.System));
        Assert.Equal(1, code);
        Assert.Contains("stopped without being asked to", said.ToString(), StringComparison.Ordinal);
        Assert.True(other.HasStopped);
    }

    [Fact]
    public async Task What_a_part_throws_ends_the_program_once_the_others_have_stopped()
    {
        var other = new Other();
        using var host = Parts(
            other,
            async _ =>
            {
                await other.Started;
                throw new IOException("the port is taken");
            }
        );
        var thrown = await Assert.ThrowsAsync<IOException>(() => OperatorHost.RunAsync(host, Quiet));
        Assert.Equal("the port is taken", thrown.Message);
        Assert.True(other.HasStopped);
    }

    [Fact]
    public async Task A_program_that_is_asked_to_end_returns_0()
    {
        var other = new Other();
        using var host = Parts(other, cancel => Task.Delay(Timeout.Infinite, cancel));
        var lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        var running = OperatorHost.RunAsync(host, Quiet);
        await other.Started;
        lifetime.StopApplication();
        Assert.Equal(0, await running);
        Assert.True(other.HasStopped);
    }

    /// <summary>One part that does as it is asked to, and another that takes a while to stop.</summary>
    private static IHost Parts(Other other, Func<CancellationToken, Task> run)
    {
        var builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddKubernetesOperator();
        builder.Services.AddHostedService(s => new Slow(other, s.GetRequiredService<Ending>()));
        builder.Services.AddHostedService(s => new Played(run, s.GetRequiredService<Ending>()));
        return builder.Build();
    }

    private sealed class Other
    {
        private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Started => _started.Task;

        public bool HasStopped { get; private set; }

        public async Task RunAsync(CancellationToken cancel)
        {
            _started.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, cancel);
            }
            finally
            {
                await Task.Delay(50, CancellationToken.None);
                HasStopped = true;
            }
        }
    }

    private sealed class Played(Func<CancellationToken, Task> run, Ending ending) : PartService(ending)
    {
        protected override Task RunAsync(CancellationToken cancel) => run(cancel);
    }

    private sealed class Slow(Other other, Ending ending) : PartService(ending)
    {
        protected override Task RunAsync(CancellationToken cancel) => other.RunAsync(cancel);
    }
}
