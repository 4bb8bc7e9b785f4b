using System.Globalization;
using Hud.Kubernetes.Tests.Scripted;
using k8s.Models;
using static Hud.Kubernetes.Tests.Scripted.Objects;

namespace Hud.Kubernetes.Tests;

public sealed class ClientTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_list_follows_continue_tokens_and_names_the_kind_of_its_items()
    {
        await using var server = new ScriptedServer(
            (r, a) =>
                a.JsonAsync(
                    r.Target.Contains("continue=next", StringComparison.Ordinal)
                        ? List(9, "", """{"metadata":{"name":"two"}}""")
                        : List(8, "next", """{"metadata":{"name":"one"}}""")
                )
        );
        using var client = server.Client();
        var list = await client.ListAsync(EntityTypes.Pods, "a", new ListOptions(LabelSelector: "app=x,!y"), None);
        Assert.Equal(["one", "two"], list.Items!.Select(p => p.Metadata.Name));
        Assert.All(list.Items!, p => Assert.Equal("Pod", p.Kind));
        Assert.Equal("9", list.Metadata.ResourceVersion);
        Assert.Equal("/api/v1/namespaces/a/pods?labelSelector=app=x,!y&limit=500", server.Requests[0].Target);
    }

    /// <summary>The server's own rules: from its cache it sends all, else a page, with the place of the next one as token.</summary>
    private static Task AnswerPage(ScriptedRequest request, Answer answer, string[] pods)
    {
        var query = request
            .Target.Split('?')[1]
            .Split('&')
            .Select(p => p.Split('=', 2))
            .ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
        var from = query.TryGetValue("continue", out var place) ? int.Parse(place, CultureInfo.InvariantCulture) : 0;
        var limit = query.ContainsKey("resourceVersion")
            ? pods.Length
            : int.Parse(query["limit"], CultureInfo.InvariantCulture);
        var next = from + limit < pods.Length ? $"{from + limit}" : "";
        return answer.JsonAsync(List(8, next, [.. pods.Skip(from).Take(limit)]));
    }

    [Fact]
    public async Task Pages_that_are_too_long_are_asked_for_again_with_fewer_objects()
    {
        var large = new string('x', 1000);
        string[] pods =
        [
            .. Enumerable
                .Range(0, 20)
                .Select(i => Pod($"p{i:00}", i, extra: $$""","status":{"message":"{{large}}"}""")),
        ];
        await using var server = new ScriptedServer((r, a) => AnswerPage(r, a, pods));
        using var client = server.Client();
        var names = new List<string>();
        var read = await client.EachAsync(
            EntityTypes.Pods,
            "a",
            new ListOptions(PageSize: 16),
            new PageBounds(Items: 100, Bytes: 1 << 20, PageBytes: 6000),
            p => names.Add(p.Metadata.Name),
            None
        );
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"p{i:00}"), names);
        Assert.Equal((true, 20), (read.All, read.Items));
        Assert.InRange(read.Bytes, 20_000, 30_000);
        Assert.Equal(
            ["16", "4", "4&continue=4", "4&continue=8", "4&continue=12", "4&continue=16"],
            server.Requests.Select(r => r.Target.Split("limit=")[1])
        );
    }

    [Theory]
    [InlineData(7, 1 << 20, 7)]
    [InlineData(100, 5000, 8)]
    [InlineData(20, 1 << 20, 20)]
    public async Task Pages_end_at_their_bounds_and_it_is_told_where_there_is_more(int items, int bytes, int seen)
    {
        string[] pods =
        [
            .. Enumerable
                .Range(0, 20)
                .Select(i => Pod($"p{i:00}", i, extra: $$""","status":{"message":"{{new string('x', 500)}}"}""")),
        ];
        await using var server = new ScriptedServer((r, a) => AnswerPage(r, a, pods));
        using var client = server.Client();
        var names = new List<string>();
        var read = await client.EachAsync(
            EntityTypes.Pods,
            "a",
            new ListOptions(PageSize: 4),
            new PageBounds(items, bytes, 1 << 20),
            p => names.Add(p.Metadata.Name),
            None
        );
        Assert.Equal((seen, seen, seen == 20), (names.Count, read.Items, read.All));
    }

    [Fact]
    public async Task One_object_that_is_longer_than_a_page_may_be_is_an_error_of_its_own()
    {
        await using var server = new ScriptedServer(
            (r, a) => AnswerPage(r, a, [Pod("a", 1, extra: $$""","status":{"message":"{{new string('x', 9000)}}"}""")])
        );
        using var client = server.Client();
        var e = await Assert.ThrowsAsync<AnswerTooLongException>(() =>
            client.EachAsync(
                EntityTypes.Pods,
                "a",
                new ListOptions(PageSize: 50),
                new PageBounds(100, 1 << 20, 8000),
                _ => Assert.Fail("it was read"),
                None
            )
        );
        Assert.Contains("longer than 8000 bytes", e.Message, StringComparison.Ordinal);
        Assert.Equal(["50", "12", "3", "1"], server.Requests.Select(r => r.Target.Split("limit=")[1]));
    }

    [Fact]
    public async Task A_list_whose_snapshot_is_gone_in_the_middle_begins_again()
    {
        var asked = 0;
        await using var server = new ScriptedServer(
            (r, a) =>
            {
                if (r.Target.Contains("continue=", StringComparison.Ordinal) && asked++ == 0)
                    return a.ErrorAsync(410, "Expired", "too old");
                return a.JsonAsync(
                    r.Target.Contains("continue=", StringComparison.Ordinal)
                        ? List(9, "", Pod("b", 2))
                        : List(8, "next", Pod("a", 1))
                );
            }
        );
        using var client = server.Client();
        var list = await client.ListAsync(EntityTypes.Pods, "a", null, None);
        Assert.Equal(["a", "b"], list.Items!.Select(p => p.Metadata.Name));
    }

    [Theory]
    [InlineData(404, "NotFound", typeof(NotFoundException))]
    [InlineData(409, "Conflict", typeof(ConflictException))]
    [InlineData(409, "AlreadyExists", typeof(AlreadyExistsException))]
    [InlineData(410, "Expired", typeof(GoneException))]
    [InlineData(422, "Invalid", typeof(InvalidException))]
    [InlineData(403, "Forbidden", typeof(ForbiddenException))]
    [InlineData(500, "InternalError", typeof(KubernetesException))]
    public async Task Each_refusal_has_its_type_and_keeps_the_servers_sentence(int code, string reason, Type expected)
    {
        await using var server = new ScriptedServer((_, a) => a.ErrorAsync(code, reason, "because of this"));
        using var client = server.Client();
        var error = await Record.ExceptionAsync(() => client.GetAsync(EntityTypes.Pods, "a", "x", None));
        Assert.Equal(expected, error?.GetType());
        var refusal = Assert.IsAssignableFrom<KubernetesException>(error);
        Assert.Equal("because of this", refusal.Detail);
        Assert.Equal(reason, refusal.Reason);
        Assert.Equal("GET /api/v1/namespaces/a/pods/x", refusal.Operation);
    }

    [Fact]
    public async Task An_error_page_that_is_not_json_is_still_a_typed_error()
    {
        await using var server = new ScriptedServer((_, a) => a.JsonAsync("<html>bad gateway</html>", 502));
        using var client = server.Client();
        var error = await Assert.ThrowsAsync<KubernetesException>(() =>
            client.GetAsync(EntityTypes.Pods, "a", "x", None)
        );
        Assert.Equal(502, (int)error.Code);
        Assert.Contains("bad gateway", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_many_requests_waits_as_long_as_it_is_told_and_tries_again()
    {
        var asked = 0;
        await using var server = new ScriptedServer(
            (_, a) =>
                asked++ < 2
                    ? a.ErrorAsync(429, "TooManyRequests", "slow down", "Retry-After: 0\r\n")
                    : a.JsonAsync(Pod("x", 1))
        );
        using var client = server.Client();
        Assert.Equal("x", (await client.GetAsync(EntityTypes.Pods, "a", "x", None)).Metadata.Name);
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task What_is_sent_again_is_sent_whole()
    {
        var asked = 0;
        await using var server = new ScriptedServer(
            (r, a) =>
                asked++ == 0
                    ? a.ErrorAsync(503, "ServiceUnavailable", "starting", "Retry-After: 0\r\n")
                    : a.JsonAsync(r.Body)
        );
        using var client = server.Client();
        var map = new V1ConfigMap
        {
            Metadata = new V1ObjectMeta { Name = "x", NamespaceProperty = "a" },
            Data = new Dictionary<string, string> { ["key"] = "value" },
        };
        Assert.Equal("value", (await client.CreateAsync(EntityTypes.ConfigMaps, map, None)).Data["key"]);
        Assert.Equal(2, server.Requests.Count);
        Assert.Single(server.Requests.Select(r => r.Body).Distinct());
    }

    [Fact]
    public async Task A_retry_after_that_is_too_long_goes_to_the_caller()
    {
        await using var server = new ScriptedServer(
            (_, a) => a.ErrorAsync(429, "TooManyRequests", "much later", "Retry-After: 3600\r\n")
        );
        using var client = server.Client();
        var error = await Assert.ThrowsAsync<TooManyRequestsException>(() =>
            client.GetAsync(EntityTypes.Pods, "a", "x", None)
        );
        Assert.Equal(TimeSpan.FromHours(1), error.RetryAfter);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_server_that_throttles_for_ever_ends_in_an_error()
    {
        await using var server = new ScriptedServer(
            (_, a) => a.ErrorAsync(429, "TooManyRequests", "no", "Retry-After: 0\r\n")
        );
        using var client = server.Client();
        await Assert.ThrowsAsync<TooManyRequestsException>(() => client.GetAsync(EntityTypes.Pods, "a", "x", None));
        Assert.Equal(Limits.MaxThrottledTries, server.Requests.Count);
    }

    [Fact]
    public async Task Bytes_that_come_too_slowly_end_in_a_transport_error()
    {
        await using var server = new ScriptedServer(
            async (_, a) =>
            {
                await a.RawAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
                await a.SilenceAsync();
            }
        );
        using var client = server.Client(
            new KubernetesClientOptions { RequestTimeout = TimeSpan.FromMilliseconds(200) }
        );
        var error = await Assert.ThrowsAsync<TransportException>(() =>
            client.GetAsync(EntityTypes.Pods, "a", "x", None)
        );
        Assert.Contains("no answer within", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_is_cut_off_is_a_transport_error()
    {
        await using var server = new ScriptedServer(
            (_, a) => a.RawAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{\"kind\"")
        );
        using var client = server.Client();
        await Assert.ThrowsAsync<TransportException>(() => client.GetAsync(EntityTypes.Pods, "a", "x", None));
    }

    [Fact]
    public async Task An_answer_of_the_wrong_shape_is_a_transport_error()
    {
        await using var server = new ScriptedServer((_, a) => a.JsonAsync("[1,2]"));
        using var client = server.Client();
        await Assert.ThrowsAsync<TransportException>(() => client.GetAsync(EntityTypes.Pods, "a", "x", None));
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_a_transport_error()
    {
        var server = new ScriptedServer((_, a) => a.SilenceAsync());
        using var client = server.Client();
        await server.DisposeAsync();
        await Assert.ThrowsAsync<TransportException>(() => client.GetAsync(EntityTypes.Pods, "a", "x", None));
    }

    [Fact]
    public async Task A_refused_token_is_read_again_once()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var file = Path.Combine(folder.FullName, "token");
            await File.WriteAllTextAsync(file, "old\n");
            await using var server = new ScriptedServer(
                (r, a) =>
                {
                    if (r.Headers["Authorization"] == "Bearer new")
                        return a.JsonAsync(Pod("x", 1));
                    File.WriteAllText(file, "new\n");
                    return a.ErrorAsync(401, "Unauthorized", "expired");
                }
            );
            using var client = server.Client(token: new FileToken(file, TimeProvider.System));
            await client.GetAsync(EntityTypes.Pods, "a", "x", None);
            Assert.Equal(["Bearer old", "Bearer new"], server.Requests.Select(r => r.Headers["Authorization"]));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Writes_are_refused_here_when_they_may_not_happen_and_reads_are_not()
    {
        await using var server = new ScriptedServer((_, a) => a.JsonAsync(Pod("x", 1)));
        using var client = server.Client(new KubernetesClientOptions { MayWrite = () => false });
        await client.GetAsync(EntityTypes.Pods, "a", "x", None);
        var pod = new V1Pod
        {
            Metadata = new V1ObjectMeta { Name = "x", NamespaceProperty = "a" },
        };
        await Assert.ThrowsAsync<NotLeaderException>(() => client.CreateAsync(EntityTypes.Pods, pod, None));
        await Assert.ThrowsAsync<NotLeaderException>(() => client.DeleteAsync(EntityTypes.Pods, "a", "x", null, None));
        await Assert.ThrowsAsync<NotLeaderException>(() => client.ApplyAsync(EntityTypes.Pods, pod, "hud", None));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Apply_names_its_field_manager_and_the_subresource()
    {
        await using var server = new ScriptedServer((_, a) => a.JsonAsync(Pod("x", 1)));
        using var client = server.Client();
        await client.ApplyAsync(
            EntityTypes.Pods,
            new V1Pod
            {
                Metadata = new V1ObjectMeta { Name = "x", NamespaceProperty = "a" },
            },
            "hud",
            None,
            "status"
        );
        var request = server.Requests.Single();
        Assert.Equal("PATCH", request.Method);
        Assert.Equal("/api/v1/namespaces/a/pods/x/status?fieldManager=hud&force=true", request.Target);
        Assert.Equal(PatchKind.Apply, request.Headers["Content-Type"]);
        Assert.Contains("\"kind\":\"Pod\"", request.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deleting_what_is_gone_is_not_an_error()
    {
        await using var server = new ScriptedServer((_, a) => a.ErrorAsync(404, "NotFound", "no"));
        using var client = server.Client();
        var options = new V1DeleteOptions { Preconditions = new V1Preconditions { Uid = "u-1" } };
        Assert.False(await client.DeleteAsync(EntityTypes.Pods, "a", "x", options, None));
        Assert.Contains("\"uid\":\"u-1\"", server.Requests.Single().Body, StringComparison.Ordinal);
    }
}
