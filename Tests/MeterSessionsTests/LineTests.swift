// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import MeterSessions
import MeterTransport
import Testing

@Suite("Meters on one line use it one after the other")
struct LineTests {
    @Test("A line stays open while the next work on it is for another meter, and is closed after the last")
    func kept() async throws {
        try await SessionsBench.run(listener: .hdlc) { bench in
            bench.listener.setAnswering(.held)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in UInt8(1)...6 {
                    let route = try bench.hdlcRoute("M\(number % 3)", device: UInt16(16 + number % 3))
                    group.addTask {
                        let response = try await bench.read(number, route: route).response
                        #expect(response == .objects(number))
                    }
                    await bench.until { await bench.sessions.metrics().queueLength == Int(number) - 1 }
                    if number == 1 {
                        await bench.until { await bench.sessions.status(of: "M1").state == .connecting }
                    }
                }
                bench.listener.setAnswering(.prompt)
                try await group.waitForAll()
            }
            #expect(bench.meter.log == [1, 2, 3, 4, 5, 6])
            #expect(bench.listener.counters.accepted == 1)
            #expect(bench.listener.counters.served[.associate] == 6)
            bench.clock.advance(by: .seconds(10))
            await bench.until { bench.listener.counters.open == 0 }
            await bench.until { await bench.sessions.metrics().channels == 0 }
        }
    }

    @Test("A silent meter costs the others on its line nothing but the time")
    func silentNeighbour() async throws {
        var options = MeterListener.Options.hdlc
        options.framing = .hdlc(HDLCServerSettings(physicalDevice: 17))
        try await SessionsBench.run(listener: options) { bench in
            // No station has this address.
            let nobody = try #require(HDLCAddress(width: .two, upper: 1, lower: 99))
            var dead = try bench.hdlcRoute("dead", device: 99)
            dead.associations["public"]?.link = .hdlc(
                HDLCLinkSettings(client: 16, server: nobody, frameTimeout: .milliseconds(20), retries: 1)
            )
            let (wells, route) = (1...3, dead)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in wells {
                    group.addTask {
                        await #expect(throws: SessionError.self) { _ = try await bench.read(0, route: route) }
                    }
                    let well = try bench.hdlcRoute("M\(number)", device: 17)
                    group.addTask {
                        let answer = try await bench.read(UInt8(number), route: well)
                        #expect(answer.response == .objects(UInt8(number)))
                    }
                }
                try await group.waitForAll()
            }
            #expect(bench.meter.log.sorted() == [1, 2, 3])
        }
    }

    @Test("A line that was lost between two meters is opened again without failing the caller")
    func lost() async throws {
        try await SessionsBench.run(listener: .hdlc) { bench in
            let first = try bench.hdlcRoute("M1", device: 17)
            let second = try bench.hdlcRoute("M2", device: 18)
            _ = try await bench.read(1, route: first)
            await bench.listener.dropConnections()
            let response = try await bench.read(2, route: second).response
            #expect(response == .objects(2))
            #expect(bench.listener.counters.accepted == 2)
        }
    }

    @Test("What goes over a line is seen by who watches the meter, and only while it is that meter's")
    func trace() async throws {
        try await SessionsBench.run(listener: .hdlc) { bench in
            let first = try bench.hdlcRoute("M1", device: 17)
            let second = try bench.hdlcRoute("M2", device: 18)
            _ = try await bench.read(1, route: first)
            // The association that is open already is watched, too.
            let events = await bench.sessions.trace(meter: "M1")
            _ = try await bench.read(2, route: first)
            _ = try await bench.read(3, route: second)
            bench.clock.advance(by: .seconds(10))
            _ = try await bench.read(4, route: first)
            var sent = 0
            var received = 0
            for await event in events {
                #expect(event.meter == "M1")
                #expect(event.association == "public")
                switch event.event {
                case .sent(let octets):
                    #expect(octets.first == 0x7E && octets.last == 0x7E)
                    sent += 1
                case .received: received += 1
                default: break
                }
                // The read, DISC; then SNRM, AARQ and the read of the second time.
                if sent >= 5, received >= 5 { break }
            }
            #expect(sent >= 5)
        }
    }
}
