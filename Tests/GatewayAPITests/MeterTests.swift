// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Testing

@Suite("Meters and channels")
struct MeterTests {
    @Test("A meter can be read back without its secrets and put again")
    func roundTrip() async throws {
        try await APIBench.run { bench in
            let meter = try await bench.get("/meters/M1")
            #expect(meter.status == 200)
            #expect(!meter.text.contains("12345678"))
            #expect(meter.json["associations"]?["reader"]?["authentication"]?["secret"] == ["set": true])
            #expect(meter.json["status"]?["linkState"] == "idle")
            _ = try await bench.get("/meters/M1/objects")
            let after = try await bench.get("/meters/M1")
            #expect(after.json["status"]?["linkState"] == "associated")
            #expect(after.json["status"]?["openAssociation"] == "reader")
            #expect(after.json["status"]?["lastContact"]?.string != nil)
        }
    }

    @Test("A patch changes members and keeps secrets")
    func patch() async throws {
        try await APIBench.run { bench in
            let tag = try #require(try await bench.get("/meters/M1").headers["ETag"])
            let patched = try await bench.send(
                .patch,
                "/meters/M1",
                #"{"name":null,"labels":{"region":"south"}}"#,
                headers: ["Content-Type": "application/merge-patch+json", "If-Match": tag]
            )
            #expect(patched.status == 200)
            #expect(patched.json["labels"] == ["region": "south"])
            #expect(try await bench.get("/meters/M1/objects").status == 200)
            let stale = try await bench.send(.patch, "/meters/M1", #"{"name":"x"}"#, headers: ["If-Match": tag])
            #expect(stale.status == 412)
            #expect(try await bench.send(.patch, "/meters/M9", "{}").status == 404)
        }
    }

    @Test("Preconditions and faults of bodies")
    func faults() async throws {
        try await APIBench.run { bench in
            let body = bench.configuration()
            let absent = try await bench.send(.put, "/meters/M1", body, headers: ["If-None-Match": "*"])
            #expect(absent.status == 412)
            #expect(try await bench.send(.put, "/meters/M1", body).status == 200)
            #expect(try await bench.send(.put, "/meters/M1", "{").problem == "malformed-json")
            let unknown = try await bench.send(.put, "/meters/M1", #"{"chanel":{}}"#)
            #expect(unknown.status == 400)
            #expect(unknown.json["suggestion"] == "channel")
            let text = try await bench.send(.put, "/meters/M1", body, headers: ["Content-Type": "text/plain"])
            #expect(text.status == 415)
            let hdlc = try await bench.send(
                .put,
                "/meters/H",
                #"{"channel":{"type":"tcp","host":"127.0.0.1","port":4059},"framing":"hdlc"}"#
            )
            #expect(hdlc.status == 201)
            for channel in [
                #"{"type":"udp","host":"127.0.0.1","port":4059}"#,
                #"{"type":"tls","host":"127.0.0.1","port":4059,"caFile":"/ca.pem"}"#,
                #"{"type":"serial","device":"/dev/ttyS0","baud":300,"parity":"even","dataBits":7}"#,
                #"{"type":"rfc2217","host":"127.0.0.1","port":2217,"baud":4800}"#,
            ] {
                let id = "/channels/line-\(channel.count)"
                let made = try await bench.send(.put, id, channel, headers: ["If-None-Match": "*"])
                #expect(made.status == 201)
                #expect(try await bench.get(id).json["type"] == made.json["type"])
            }
            let odd = try await bench.send(
                .put,
                "/channels/odd",
                #"{"type":"serial","device":"/dev/ttyS0","baud":12345}"#,
                headers: ["If-None-Match": "*"]
            )
            #expect(odd.problem == "value-out-of-range")
            #expect(odd.json["pointer"] == "/baud")
            let zone = try await bench.send(
                .put,
                "/meters/H",
                #"{"channel":{"type":"tcp","host":"127.0.0.1","port":4059},"timeZone":"Europe/Bratislav"}"#
            )
            #expect(zone.status == 422)
            #expect(zone.problem == "bad-parameter")
            #expect(zone.json["pointer"] == "/timeZone")
            #expect(zone.json["suggestion"] == "Europe/Bratislava")
            let patched = try await bench.send(.patch, "/meters/M1", #"{"keepAlive":7}"#)
            #expect(patched.status == 422)
        }
    }

    @Test("Meters are listed in pages, searched and picked by label")
    func list() async throws {
        try await APIBench.run { bench in
            let created = try await bench.send(
                .post,
                "/meters",
                #"{"id":"M2","channel":{"type":"tcp","host":"127.0.0.1","port":4059}}"#
            )
            #expect(created.status == 201)
            #expect(created.headers["Location"] == "/meters/M2")
            let again = try await bench.send(
                .post,
                "/meters",
                #"{"id":"M2","channel":{"type":"tcp","host":"127.0.0.1","port":4059}}"#
            )
            #expect(again.status == 409)
            let page = try await bench.get("/meters?limit=1")
            #expect(page.json["items"]?[0]?["id"] == "M1")
            let next = try await bench.get(try #require(page.json["next"]?.string))
            #expect(next.json["items"]?[0]?["id"] == "M2")
            #expect(next.json["next"] == .null)
            #expect(try await bench.get("/meters?label=region=north").json["items"]?.array?.count == 1)
            #expect(try await bench.get("/meters?q=flat").json["items"]?.array?.count == 1)
            #expect(try await bench.send(.delete, "/meters/M2").status == 204)
            #expect(try await bench.send(.delete, "/meters/M2").status == 404)
        }
    }

    @Test("A meter can use a shared channel")
    func channel() async throws {
        try await APIBench.run { bench in
            let target = #"{"channel":"line-7","associations":{"reader":{"clientAddress":16}}}"#
            #expect(try await bench.send(.put, "/meters/C", target).problem == "channel-unknown")
            let line = #"{"type":"tcp","host":"127.0.0.1","port":\#(bench.listener.port)}"#
            let made = try await bench.send(.put, "/channels/line-7", line)
            #expect(made.status == 201)
            #expect(made.headers["Location"] == "/channels/line-7")
            #expect(try await bench.send(.put, "/meters/C", target).status == 201)
            #expect(try await bench.get("/meters/C/objects/1.0.1.8.0.255/attributes/2").status == 200)
            #expect(try await bench.send(.delete, "/channels/line-7").problem == "in-use")
            #expect(try await bench.get("/channels").json["items"]?.array?.count == 1)
        }
    }
}
