using System.Text.Json;

namespace Hud.Operator;

public enum LogLevel
{
    Debug,
    Info,
    Warn,
    Error,
}

/// <summary>One JSON object per line on stderr: <c>{"ts":"...","level":"info","msg":"...","session":"shop/x"}</c>.</summary>
public sealed class Log(TextWriter output, LogLevel level, TimeProvider time)
{
    private readonly Lock _lock = new();

    public static LogLevel Parse(string text) =>
        Enum.TryParse<LogLevel>(text, ignoreCase: true, out var level) ? level : LogLevel.Info;

    public void Debug(string message, params ReadOnlySpan<(string Key, object? Value)> fields) =>
        Write(LogLevel.Debug, message, fields);

    public void Info(string message, params ReadOnlySpan<(string Key, object? Value)> fields) =>
        Write(LogLevel.Info, message, fields);

    public void Warn(string message, params ReadOnlySpan<(string Key, object? Value)> fields) =>
        Write(LogLevel.Warn, message, fields);

    public void Error(string message, params ReadOnlySpan<(string Key, object? Value)> fields) =>
        Write(LogLevel.Error, message, fields);

    private void Write(LogLevel at, string message, ReadOnlySpan<(string Key, object? Value)> fields)
    {
        if (at < level)
            return;
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("ts", time.GetUtcNow().UtcDateTime);
            json.WriteString(
                "level",
                at switch
                {
                    LogLevel.Debug => "debug",
                    LogLevel.Info => "info",
                    LogLevel.Warn => "warn",
                    _ => "error",
                }
            );
            json.WriteString("msg", message);
            foreach (var (key, value) in fields)
            {
                switch (value)
                {
                    case null:
                        break;
                    case long or int:
                        json.WriteNumber(key, Convert.ToInt64(value));
                        break;
                    case double d when double.IsFinite(d):
                        json.WriteNumber(key, d);
                        break;
                    case bool b:
                        json.WriteBoolean(key, b);
                        break;
                    default:
                        json.WriteString(key, value.ToString());
                        break;
                }
            }
            json.WriteEndObject();
        }
        var line = System.Text.Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
        lock (_lock)
            output.WriteLine(line);
    }
}
