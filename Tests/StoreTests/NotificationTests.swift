// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import SQLStore
import Testing

@Suite struct NotificationTests {
    private struct Interruption: Error {}

    private func send(_ messages: [String], on channel: String = "work", to database: any SQLDatabase) async throws {
        try await database.write { connection in
            for message in messages { try connection.notify(channel, message) }
        }
    }

    @Test(arguments: Backend.allCases)
    func `Listeners get what committed transactions send, after being told to look`(backend: Backend) async throws {
        try await backend.run { stores in
            var first = stores.database.notifications(on: "work").makeAsyncIterator()
            var second = stores.database.notifications(on: "work").makeAsyncIterator()
            #expect(await first.next() == .lookAgain)
            #expect(await second.next() == .lookAgain)
            await #expect(throws: Interruption.self) {
                try await stores.database.write { connection in
                    try connection.notify("work", "never")
                    throw Interruption()
                }
            }
            try await send(["elsewhere"], on: "other", to: stores.database)
            try await send(["a", "it's \"b\""], to: stores.database)
            try await send(["c"], to: stores.database)
            for message in ["a", "it's \"b\"", "c"] {
                #expect(await first.next() == .message(message))
                #expect(await second.next() == .message(message))
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func `Streams end when the database is closed`(backend: Backend) async throws {
        try await backend.run { stores in
            let stream = stores.database.notifications(on: "work")
            try await stores.database.close()
            for await notification in stream { #expect(notification == .lookAgain) }
            for await _ in stores.database.notifications(on: "work") { Issue.record("a closed database says nothing") }
        }
    }

    @Test func `A slow listener is told to look again instead of being told everything`() async throws {
        let hub = NotificationHub()
        var listener = hub.listen(on: "work", isCertain: true).makeAsyncIterator()
        for number in 0..<5000 { hub.post(.message("\(number)"), on: "work") }
        var last: SQLNotification?
        for _ in 0..<1024 { last = await listener.next() }
        #expect(last == .lookAgain)
        #expect(hub.channels == ["work"])
    }
}
