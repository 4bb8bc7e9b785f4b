using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Hud.Kubernetes.Tests.Scripted;
using Hud.Operator.Alerts;
using Hud.Operator.Tests.Policies;

namespace Hud.Operator.Tests.Alerts;

/// <summary>The receiver over loopback: who is let in, what is taken, and what senders of all kinds are answered.</summary>
public sealed class AlertServerTests
{
    private static string Head(int length, string more = "", string token = Receiver.Token) =>
        $"POST /alerts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{more}\r\n";

    [Fact]
    public async Task An_alert_is_taken_and_the_connection_is_closed()
    {
        await using var receiver = await Receiver.StartAsync();
        using var answer = await receiver.PostAsync(Receiver.Body());
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("1 firing, 1 of them for 1 policies\n", await answer.Content.ReadAsStringAsync());
        // so that the next request of a client may reach another replica
        Assert.True(answer.Headers.ConnectionClose);
        Assert.Equal(1, receiver.Waiting);
        Assert.Equal(
            (HttpStatusCode.OK, "0 firing, 0 of them for 0 policies\n"),
            await receiver.SayAsync(Receiver.Body().Replace("firing", "resolved", StringComparison.Ordinal))
        );
        Assert.Equal(1, receiver.Waiting);
    }

    [Fact]
    public async Task Without_the_right_token_nothing_is_read()
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Http.DefaultRequestHeaders.Authorization = null;
        using (var none = await receiver.PostAsync(Receiver.Body()))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, none.StatusCode);
            Assert.Equal("Bearer", none.Headers.WwwAuthenticate.ToString());
        }
        foreach (var wrong in (string[])["x", Receiver.Token[..^1], Receiver.Token + "x", new string('x', 4000)])
        {
            receiver.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", wrong);
            Assert.Equal(HttpStatusCode.Forbidden, (await receiver.SayAsync(Receiver.Body())).Code);
            // the body is not waited for
            Assert.StartsWith(
                "HTTP/1.1 403 ",
                await receiver.RawAsync(Head(1000, token: wrong)),
                StringComparison.Ordinal
            );
        }
        // two that differ are none
        Assert.StartsWith(
            "HTTP/1.1 401 ",
            await receiver.RawAsync(Head(10, $"Authorization: Bearer {Receiver.Token}x\r\n")),
            StringComparison.Ordinal
        );
        Assert.Equal(0, receiver.Waiting);
    }

    [Fact]
    public async Task A_new_token_is_read_without_a_restart_and_without_any_nobody_is_let_in()
    {
        await using var receiver = await Receiver.StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await receiver.SayAsync(Receiver.Body())).Code);
        await File.WriteAllTextAsync(receiver.TokenFile, "another-token-of-20-chars");
        await UntilAsync(HttpStatusCode.Forbidden);
        receiver.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer",
            "another-token-of-20-chars"
        );
        await UntilAsync(HttpStatusCode.OK);
        File.Delete(receiver.TokenFile);
        await UntilAsync(HttpStatusCode.ServiceUnavailable);

        async Task UntilAsync(HttpStatusCode code)
        {
            for (var i = 0; i < 600 && (await receiver.SayAsync(Receiver.Body())).Code != code; i++)
                await Task.Delay(20);
            Assert.Equal(code, (await receiver.SayAsync(Receiver.Body())).Code);
        }
    }

    [Fact]
    public async Task What_is_no_request_for_alerts_is_answered_in_words()
    {
        await using var receiver = await Receiver.StartAsync();
        using var get = await receiver.Http.GetAsync("alerts");
        Assert.Equal(
            (HttpStatusCode.MethodNotAllowed, "POST"),
            (get.StatusCode, string.Join(',', get.Content.Headers.Allow))
        );
        Assert.Equal(HttpStatusCode.NotFound, (await receiver.Http.PostAsync("metrics", null)).StatusCode);
        using var type = await receiver.PostAsync(Receiver.Body(), "text/plain");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, type.StatusCode);
        Assert.Equal((HttpStatusCode.BadRequest, "the body cannot be read as JSON\n"), await receiver.SayAsync("{"));
        foreach (
            var (request, code) in ((string, int)[])
                [
                    ("hello\r\n\r\n", 400),
                    ("POST /alerts HTTP/2\r\n\r\n", 400),
                    (Head(2, "X : y\r\n"), 400),
                    (Head(2, " folded\r\n"), 400),
                    (Head(2, "Content-Length: 3\r\n"), 411),
                    (Head(2, "Transfer-Encoding: chunked\r\n"), 411),
                    (Head(2).Replace("Content-Length: 2", "Content-Length: -2", StringComparison.Ordinal), 411),
                    (
                        Head(2)
                            .Replace(
                                "Content-Length: 2",
                                "Content-Length: 99999999999999999999",
                                StringComparison.Ordinal
                            ),
                        413
                    ),
                    (new string('x', 8 << 10), 431),
                ]
        )
            Assert.StartsWith($"HTTP/1.1 {code} ", await receiver.RawAsync(request), StringComparison.Ordinal);
        Assert.Equal(0, receiver.Waiting);
    }

    [Fact]
    public async Task A_body_of_a_mebibyte_is_the_longest()
    {
        await using var receiver = await Receiver.StartAsync();
        string Padded(int bytes)
        {
            var body = Receiver.Body();
            return body.Insert(1, $"\"x\":\"{new string('x', bytes - body.Length - 7)}\",");
        }
        Assert.Equal(AlertPayload.MaxBytes, Padded(AlertPayload.MaxBytes).Length);
        Assert.Equal(HttpStatusCode.OK, (await receiver.SayAsync(Padded(AlertPayload.MaxBytes))).Code);
        foreach (var more in (int[])[1, 1 << 20])
        {
            var (code, text) = await receiver.SayAsync(Padded(AlertPayload.MaxBytes + more));
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, code);
            Assert.Contains("max_alerts", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_client_that_asks_before_it_sends_is_told_to_go_on()
    {
        await using var receiver = await Receiver.StartAsync();
        var body = Receiver.Body();
        using var client = await receiver.ConnectAsync();
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(Head(body.Length, "Expect: 100-continue\r\n")));
        var go = new byte[25];
        await stream.ReadExactlyAsync(go);
        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", Encoding.ASCII.GetString(go));
        await stream.WriteAsync(Encoding.ASCII.GetBytes(body));
        using var reader = new StreamReader(stream);
        Assert.StartsWith("HTTP/1.1 200 ", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }

    /// <summary>Those who have no token, and those who have one and send a byte now and then.</summary>
    [Fact]
    public async Task Hundreds_of_connections_that_say_nothing_keep_nobody_out()
    {
        await using var receiver = await Receiver.StartAsync();
        var silent = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 200; i++)
            {
                silent.Add(await receiver.ConnectAsync());
                if (i % 2 == 0)
                    await silent[^1].GetStream().WriteAsync("POST /alerts HTT"u8.ToArray());
            }
            Assert.Equal(HttpStatusCode.OK, (await receiver.SayAsync(Receiver.Body())).Code);
        }
        finally
        {
            silent.ForEach(c => c.Dispose());
        }
    }

    [Fact]
    public async Task A_body_that_never_ends_is_given_up()
    {
        await using var receiver = await Receiver.StartAsync();
        var slow = new List<TcpClient>();
        try
        {
            // as many as are read at the same time: the next waits for the first of them to be given up
            for (var i = 0; i < AlertServer.MaxBodies; i++)
            {
                slow.Add(await receiver.ConnectAsync());
                await slow[^1].GetStream().WriteAsync(Encoding.ASCII.GetBytes(Head(1000) + "{"));
            }
            await Objects.UntilAsync(
                () => slow.TrueForAll(c => c.Client.Poll(0, SelectMode.SelectRead)),
                "the end of their connections"
            );
            Assert.Equal(HttpStatusCode.OK, (await receiver.SayAsync(Receiver.Body())).Code);
            Assert.Equal(1, receiver.Waiting);
        }
        finally
        {
            slow.ForEach(c => c.Dispose());
        }
    }

    [Fact]
    public async Task A_hundred_requests_at_once_are_all_answered()
    {
        await using var receiver = await Receiver.StartAsync();
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 100)
                .Select(async i =>
                {
                    try
                    {
                        return (await receiver.SayAsync(Receiver.Body($"f{i % 10}"))).Code;
                    }
                    catch (HttpRequestException)
                    {
                        return default; // closed as the oldest of too many: Alertmanager sends such a one again
                    }
                })
        );
        Assert.All(answers, a => Assert.True(a is HttpStatusCode.OK or default(HttpStatusCode), $"{a}"));
        Assert.Contains(HttpStatusCode.OK, answers);
        Assert.InRange(receiver.Waiting, 1, 10);
    }

    [Fact]
    public async Task A_replica_that_does_not_lead_sends_the_client_to_try_again()
    {
        await using var receiver = await Receiver.StartAsync(leads: false);
        Assert.Equal(
            (HttpStatusCode.ServiceUnavailable, "this replica doesn't lead; try again\n"),
            await receiver.SayAsync(Receiver.Body())
        );
        receiver.Inbox.Open(_ => { });
        Assert.Equal(HttpStatusCode.OK, (await receiver.SayAsync(Receiver.Body())).Code);
        receiver.Inbox.Close();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await receiver.SayAsync(Receiver.Body())).Code);
        Assert.Equal(0, receiver.Waiting);
    }

    [Fact]
    public async Task Where_a_policys_alerts_wait_too_long_no_more_are_taken_until_it_has_looked()
    {
        await using var receiver = await Receiver.StartAsync();
        string Storm(int from) =>
            Receiver.Body([.. Enumerable.Range(from, 1000).Select(i => ($"f{i}", MakePolicy.Now, ""))]);
        Assert.Equal(HttpStatusCode.OK, (await receiver.SayAsync(Storm(0))).Code);
        // sent again it takes no more room
        Assert.Equal(HttpStatusCode.OK, (await receiver.SayAsync(Storm(0))).Code);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await receiver.SayAsync(Storm(1))).Code);
        Assert.Equal(AlertInbox.MaxPerPolicy, receiver.Waiting);
        await receiver.World.ReconcileAsync();
        Assert.Equal(0, receiver.Waiting);
        Assert.Equal(HttpStatusCode.OK, (await receiver.SayAsync(Storm(1))).Code);
    }

    [Fact]
    public async Task From_a_request_to_a_session()
    {
        await using var receiver = await Receiver.StartAsync();
        await receiver.SayAsync(Receiver.Body());
        await receiver.World.ReconcileAsync();
        Assert.Single(receiver.World.Names);
    }
}
