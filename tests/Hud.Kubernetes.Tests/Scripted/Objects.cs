namespace Hud.Kubernetes.Tests.Scripted;

/// <summary>Text of API objects, as a server writes them.</summary>
internal static class Objects
{
    public static string Pod(string name, int version, string uid = "", string extra = "") =>
        $$$"""{"kind":"Pod","apiVersion":"v1","metadata":{"name":"{{{name}}}","namespace":"a","uid":"{{{(uid.Length > 0 ? uid : name)}}}","resourceVersion":"{{{version}}}","managedFields":[{"unknown":1}]}{{{extra}}},"spec":{"containers":[]}}""";

    public static string List(int version, string next, params string[] items) =>
        $$"""{"kind":"PodList","metadata":{"resourceVersion":"{{version}}","continue":"{{next}}"},"items":[{{string.Join(',', items)}}]}""";

    public static string Event(string type, string entity) =>
        $$$"""{"type":"{{{type}}}","object":{{{entity}}}}""" + "\n";

    public static string Bookmark(int version) =>
        Event("BOOKMARK", $$$"""{"kind":"Pod","metadata":{"resourceVersion":"{{{version}}}"}}""");

    public static bool IsWatch(this ScriptedRequest request) =>
        request.Target.Contains("watch=1", StringComparison.Ordinal);

    public static async Task<List<T>> ToListAsync<T>(this IAsyncEnumerable<T> source)
    {
        var all = new List<T>();
        await foreach (var item in source)
            all.Add(item);
        return all;
    }

    /// <summary>Waits for something that another task brings about; the bound only ends a broken test.</summary>
    public static Task UntilAsync(Func<bool> condition, string what) => UntilAsync(condition, () => what);

    /// <param name="what">Asked when it never happened: what a log says by then.</param>
    public static async Task UntilAsync(Func<bool> condition, Func<string> what)
    {
        for (var i = 0; i < 3000; i++)
        {
            if (condition())
                return;
            await Task.Delay(10);
        }
        Assert.Fail("never happened: " + what());
    }
}
