using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace REHRSeg.Samples.Tests.Server;

/// <summary>The server in this process, on a free port of the loopback interface; its log is kept.</summary>
sealed class RunningServer : IAsyncDisposable
{
    readonly WebApplication _app;

    RunningServer(WebApplication app) => (_app, Client) = (app, new() { BaseAddress = new(app.Urls.Single()), Timeout = TimeSpan.FromMinutes(5) });

    public HttpClient Client { get; }

    public LogLines Log { get; private init; } = null!;

    public static async Task<RunningServer> StartAsync(params string[] settings)
    {
        var log = new LogLines();
        var app = IntroScoreServer.IntroScoreServer.Build(["--Scoring:Model", TestData.Model, "--urls", "http://127.0.0.1:0", .. settings], builder => builder.Logging.ClearProviders().AddProvider(log));
        await app.StartAsync();
        return new(app) { Log = log };
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}

/// <summary>Keeps what is logged, and lets a test wait for a line.</summary>
sealed class LogLines : ILoggerProvider, ILogger
{
    readonly ConcurrentQueue<string> _lines = [];

    public int Count(string part) => _lines.Count(l => l.Contains(part));

    public async Task WaitForAsync(string part, TimeSpan atMost)
    {
        for (var until = DateTime.UtcNow + atMost; Count(part) == 0; await Task.Delay(20))
            Assert.True(DateTime.UtcNow < until, $"no '{part}' within {atMost} in: {string.Join('\n', _lines)}");
    }

    public ILogger CreateLogger(string categoryName) => this;
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
    public bool IsEnabled(LogLevel logLevel) => true;
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => _lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");
    public void Dispose() { }
}
