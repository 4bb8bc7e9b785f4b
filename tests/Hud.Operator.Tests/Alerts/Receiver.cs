using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Hud.Kubernetes;
using Hud.Kubernetes.Tests.Scripted;
using Hud.Operator.Alerts;
using Hud.Operator.Entities;
using Hud.Operator.Tests.Policies;

namespace Hud.Operator.Tests.Alerts;

/// <summary>The receiver on a port of its own, over a world with one policy of the alert Slow.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    public const string Token = "0123456789abcdef-test";

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    private Receiver(PolicyWorld world, string tokenFile, bool leads)
    {
        (World, TokenFile) = (world, tokenFile);
        Inbox = leads ? world.Inbox : new AlertInbox(world.Policies, Quiet);
        Port = FreePort.Next();
        _serving = new AlertServer(
            $"http://127.0.0.1:{Port}/",
            new AlertToken(tokenFile, TimeProvider.System),
            Inbox,
            Quiet
        )
        {
            Patience = TimeSpan.FromSeconds(3),
        }.RunAsync(_stop.Token);
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Port}/") };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    private static Log Quiet => new(TextWriter.Null, LogLevel.Error, TimeProvider.System);

    public PolicyWorld World { get; }

    public AlertInbox Inbox { get; }

    public string TokenFile { get; }

    public int Port { get; }

    public HttpClient Http { get; }

    public static async Task<Receiver> StartAsync(bool leads = true)
    {
        var world = new PolicyWorld([MakePolicy.OnAlert()]);
        await world.Ready;
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, Token + "\n");
        var receiver = new Receiver(world, file, leads);
        if (leads)
            receiver.Inbox.Open(_ => { });
        return receiver;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _stop.CancelAsync();
        await _serving;
        _stop.Dispose();
        await World.DisposeAsync();
        File.Delete(TokenFile);
    }

    public int Waiting => Inbox.Of(MakePolicy.OnAlert()).Count;

    public Task<HttpResponseMessage> PostAsync(string body, string type = "application/json") =>
        Http.PostAsync("alerts", new StringContent(body, Encoding.UTF8, type));

    public async Task<(HttpStatusCode Code, string Text)> SayAsync(string body)
    {
        using var answer = await PostAsync(body);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    public async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port);
        return client;
    }

    /// <summary>Whatever comes back on a connection that these bytes are sent on.</summary>
    public async Task<string> RawAsync(string request)
    {
        using var client = await ConnectAsync();
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadToEndAsync();
    }

    /// <summary>A body with alerts that began at these times.</summary>
    public static string Body(params (string Fingerprint, DateTimeOffset StartsAt, string Labels)[] alerts) =>
        "{\"version\":\"4\",\"alerts\":["
        + string.Join(',', alerts.Select(a => One(a.Fingerprint, a.StartsAt, a.Labels)))
        + "]}";

    private static string One(string fingerprint, DateTimeOffset startsAt, string labels) =>
        $$$"""{"status":"firing","fingerprint":"{{{fingerprint}}}","startsAt":"{{{startsAt:O}}}","labels":{"alertname":"Slow"{{{labels}}} } }""";

    public static string Body(string fingerprint = "f1", string labels = "") =>
        Body((fingerprint, MakePolicy.Now, labels));
}
