using System.Net.Sockets;
using Hud.Kubernetes.Tests.Scripted;
using Hud.Operator.Alerts;
using Hud.Operator.Hosting;
using Hud.Operator.Tests.Policies;
using k8s;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace Hud.Operator.Tests.Alerts;

/// <summary>When the receiver is there, and when it is not.</summary>
public sealed class AlertServiceTests
{
    [Fact]
    public async Task Without_a_token_it_does_not_listen_and_says_why_once_until_there_is_one()
    {
        await using var world = new PolicyWorld([]);
        var (clock, port) = (new FakeTimeProvider(), FreePort.Next());
        var text = new StringWriter();
        var said = TextWriter.Synchronized(text);
        var log = new Log(said, LogLevel.Info, clock);
        var file = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        var options = Make.Options with { AlertsAddress = $"http://127.0.0.1:{port}/", AlertsTokenFile = file };
        var builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddKubernetesOperator();
        builder.Services.AddHostedService(s => new AlertService(
            world.Inbox,
            options,
            clock,
            log,
            s.GetRequiredService<Ending>()
        ));
        using var host = builder.Build();
        await host.StartAsync();
        await Objects.UntilAsync(() => Said().Contains("not received", StringComparison.Ordinal), "word of it");
        for (var i = 0; i < 3; i++)
            clock.Advance(AlertService.Again);
        using (var client = new TcpClient())
            await Assert.ThrowsAnyAsync<SocketException>(() => client.ConnectAsync("127.0.0.1", port));
        await File.WriteAllTextAsync(file, Receiver.Token);
        await Objects.UntilAsync(
            () =>
            {
                clock.Advance(AlertService.Again);
                return Said().Contains("receiving alerts", StringComparison.Ordinal);
            },
            "a receiver"
        );
        using (var client = new TcpClient())
            await client.ConnectAsync("127.0.0.1", port);
        Assert.Equal(2, Said().Split("\"msg\"").Length - 1);
        await host.StopAsync();
        File.Delete(file);

        string Said()
        {
            lock (said) // as its own methods do
                return text.ToString();
        }
    }

    [Fact]
    public void It_is_a_part_of_the_operator_only_where_it_has_an_address()
    {
        Assert.DoesNotContain(Parts(Make.Options), p => p is AlertService);
        // stopped first: nothing more comes in while the rest ends
        Assert.IsType<AlertService>(
            Parts(Make.Options with { AlertsAddress = "http://127.0.0.1:1/", AlertsTokenFile = "/token" })[^1]
        );

        static IHostedService[] Parts(OperatorOptions options)
        {
            using var host = OperatorHost.Build(
                new KubernetesClientConfiguration { Host = "http://127.0.0.1:1" },
                options,
                new Log(TextWriter.Null, LogLevel.Error, TimeProvider.System)
            );
            return [.. host.Services.GetServices<IHostedService>()];
        }
    }

    [Fact]
    public void An_address_without_a_file_for_its_tokens_is_a_mistake()
    {
        string? Get(string name) =>
            name switch
            {
                "HUD_AGENT_IMAGE" => "agent:1",
                "HUD_ALERTS_ADDRESS" => "http://*:8081/",
                _ => null,
            };
        var thrown = Assert.Throws<FormatException>(() => OperatorOptions.FromEnvironment(Get));
        Assert.Contains("HUD_ALERTS_TOKEN_FILE", thrown.Message, StringComparison.Ordinal);
        Assert.True(
            OperatorOptions.FromEnvironment(n => n == "HUD_ALERTS_TOKEN_FILE" ? "/token" : Get(n)).ReceivesAlerts
        );
        Assert.False(OperatorOptions.FromEnvironment(n => n == "HUD_AGENT_IMAGE" ? "agent:1" : null).ReceivesAlerts);
    }
}
