// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Testing

@testable import SettingsKit

private let catalogue = SettingsCatalogue([
    .init(
        "All",
        [
            Setting("listen", .text(example: "127.0.0.1:8080"), usual: "127.0.0.1:8080", "Where it listens"),
            Setting("database", .text(example: "sqlite://x"), secrecy: .passwordOfURL, memberInGroup: "url", "Where"),
            Setting("database.connections", .number(1...100), usual: "8", "Connections"),
            Setting("log.level", .word(["info", "debug"]), usual: "info", isReloadable: true, "The level"),
            Setting("dialIn.keepAlive", .number(1...(.max)), usual: "60", "Seconds"),
            Setting("dialIn.identify", .list(separator: ",", example: "a,b"), "Ways"),
            Setting("node.name", .text(example: "a"), flag: "node", "The name"),
            Setting("token", .text(example: "t"), secrecy: .whole, "A secret"),
        ]
    )
])

private func sources(
    _ yaml: String? = nil,
    flags: [String: String?] = [:],
    environment: [String: String] = [:],
    files: [String: String] = [:]
) -> SettingsSources {
    SettingsSources(catalogue, flags: flags, environment: environment, file: yaml.map { _ in "gateway.yaml" }) { name in
        name == "gateway.yaml" ? yaml : files[name]
    }
}

struct SettingsSourcesTests {
    @Test func namesFollowFromTheKey() throws {
        let setting = try #require(catalogue.setting("dialIn.keepAlive"))
        #expect(setting.flag == "--dial-in-keep-alive")
        #expect(setting.variable == "COSEM_GATEWAY_DIAL_IN_KEEP_ALIVE")
        #expect(catalogue.setting("node.name")?.flag == "--node")
        #expect(catalogue.setting("node.name")?.variable == "COSEM_GATEWAY_NODE")
    }

    @Test func theStrongestSourceWins() {
        let yaml = "log:\n  level: debug\nlisten: 127.0.0.1:1\ndatabase:\n  connections: 3\n"
        let found = sources(
            yaml,
            flags: ["listen": "127.0.0.1:3"],
            environment: ["COSEM_GATEWAY_LISTEN": "127.0.0.1:2", "COSEM_GATEWAY_DATABASE_CONNECTIONS": "4"]
        )
        #expect(found.faults.isEmpty)
        #expect(found.values["listen"] == SettingValue("127.0.0.1:3", .flag("--listen")))
        #expect(
            found.values["database.connections"]
                == SettingValue("4", .environment("COSEM_GATEWAY_DATABASE_CONNECTIONS"))
        )
        #expect(found.values["log.level"] == SettingValue("debug", .file("gateway.yaml", line: 2, column: 10)))
        #expect(found.values["dialIn.keepAlive"] == nil)
    }

    @Test func aSettingThatIsAlsoAGroupIsWrittenEitherWay() {
        #expect(sources("database: sqlite://a\n").values["database"]?.text == "sqlite://a")
        let grouped = sources("database:\n  url: sqlite://a\n  connections: 2\n")
        #expect(grouped.faults.isEmpty)
        #expect(grouped.values["database"]?.text == "sqlite://a")
        #expect(grouped.values["database.connections"]?.text == "2")
        #expect(sources("dialIn:\n  identify: [a, b]\n").values["dialIn.identify"]?.text == "a,b")
    }

    @Test(arguments: [
        ("lisen: x\n", "gateway.yaml:1:1: there is no setting lisen; did you mean listen?"),
        ("log:\n  levle: info\n", "gateway.yaml:2:3: there is no setting log.levle; did you mean log.level?"),
        ("dailIn:\n  keepAlive: 3\n", "gateway.yaml:1:1: there is no setting dailIn; did you mean dialIn?"),
        ("log:\n  level: loud\n", "gateway.yaml:2:10: log.level 'loud' cannot be used: choose one of info, debug"),
        (
            "dialIn:\n  keepAlive: 0\n",
            "gateway.yaml:2:14: dialIn.keepAlive '0' cannot be used: write a whole number of 1 or more"
        ),
        ("log: info\n", "gateway.yaml:1:6: log takes settings of its own, indented below it"),
        ("listen:\n", "gateway.yaml:1:8: listen has no value; leave the line out for the default"),
        ("listen: [a]\n", "gateway.yaml:1:9: listen takes one value"),
        ("token: ''\n", "gateway.yaml:1:8: token cannot be used: it is empty"),
        ("database: a\ndatabaseFile: b\n", "gateway.yaml:2:1: database was set already at gateway.yaml:1:11"),
    ])
    func whatIsWrongIsToldWithItsPlace(_ yaml: String, _ expected: String) {
        #expect(sources(yaml).faults.map(\.description) == [expected])
    }

    @Test(arguments: ["listen: [", "a: b: c\n", "listen: a\nlisten: b\n", "- a\n", "\tlisten: a\n"])
    func aFileThatIsNoMappingIsRefusedWithItsLine(_ yaml: String) {
        let faults = sources(yaml).faults
        #expect(faults.count == 1)
        #expect(faults.first?.description.hasPrefix("gateway.yaml:") == true)
    }

    @Test func aFileOfCommentsSetsNothing() {
        #expect(sources("# nothing\n").faults.isEmpty)
        #expect(sources("").values.isEmpty)
    }

    @Test func secretsComeFromFilesAndCredentials() {
        let files = ["/run/token": "one\n", "/credentials/token": "two\n", "here": "three"]
        let named = sources(environment: ["COSEM_GATEWAY_TOKEN_FILE": "/run/token"], files: files)
        #expect(named.values["token"]?.text == "one")
        let given = sources("tokenFile: here\n", environment: ["CREDENTIALS_DIRECTORY": "/credentials"], files: files)
        #expect(given.values["token"] == SettingValue("two", .credential("token")))
        #expect(sources("tokenFile: here\n", files: files).values["token"]?.text == "three")
        let missing = sources(environment: ["COSEM_GATEWAY_TOKEN_FILE": "/nowhere"])
        #expect(
            missing.faults.map(\.description)
                == ["/nowhere, by COSEM_GATEWAY_TOKEN_FILE: /nowhere, which has token, cannot be read"]
        )
    }

    @Test func secretsAreNotShown() throws {
        let database = try #require(catalogue.setting("database"))
        #expect(database.shown("postgres://me:p@ss@host/db") == "postgres://me:***@host/db")
        #expect(database.shown("postgres://host/db?password=x") == "***")
        #expect(database.shown("sqlite:///file") == "sqlite:///file")
        #expect(catalogue.setting("token")?.shown("x") == "***")
    }

    @Test func aMisspeltVariableIsWarnedOf() {
        let found = sources(environment: ["COSEM_GATEWAY_LISTN": "x", "COSEM_GATEWAY_PORT": "tcp://10.0.0.1"])
        #expect(
            found.warnings
                == ["COSEM_GATEWAY_LISTN in the environment sets nothing; did you mean COSEM_GATEWAY_LISTEN?"]
        )
    }

    @Test func aFileThatIsNotThereIsAFault() {
        let found = SettingsSources(catalogue, flags: [:], environment: [:], file: "/nowhere/x.yaml")
        #expect(found.faults.map(\.description) == ["/nowhere/x.yaml: the file of settings cannot be read"])
    }

    @Test func theSchemaHasEverySettingOnce() throws {
        var writer = JSONWriter()
        catalogue.writeSchema(to: &writer)
        let schema = try JSONReader.parse(writer.octets)
        let properties = try #require(schema["properties"])
        #expect(properties["listen"]?["default"]?.string == "127.0.0.1:8080")
        #expect(properties["database"]?["anyOf"]?.array?.count == 2)
        #expect(properties["database"]?["anyOf"]?.array?.last?["properties"]?["urlFile"] != nil)
        #expect(properties["log"]?["properties"]?["level"]?["enum"]?.array?.count == 2)
        #expect(properties["tokenFile"]?["type"]?.string == "string")
        #expect(schema["additionalProperties"]?.bool == false)
    }

    @Test func theTextIsAtMostEightyColumnsWide() {
        #expect(catalogue.plainText.split(separator: "\n").allSatisfy { $0.count <= 80 })
        #expect(catalogue.markdown.contains("| `database.url` |"))
    }

    @Test("A value that is written down as it is tells where it comes from, not what it is")
    func descriptions() {
        let value = SettingValue("postgres://me:hidden@db/meters", .flag("--database"))
        #expect("\(value) \([value]) \(String(reflecting: ["database": value]))".contains("--database"))
        #expect(!"\(value) \([value]) \(String(reflecting: ["database": value]))".contains("hidden"))
    }
}
