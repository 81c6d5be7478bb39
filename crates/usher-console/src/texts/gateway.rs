//! The gateway.

texts! {
    /// The gateway.
    Gateway {
        title: "Gateway", "网关";
        lead: "A gateway in front of your apps asks Usher at each visit whether the person may enter. Three steps: give the app a route, paste the lines for your gateway, open the app.", "应用前的网关在每次访问时询问 Usher 是否放行。三步：为应用添加路由、粘贴网关配置、打开应用。";
        step_routes: "1. Which hosts mean which app", "1. 主机与应用的对应关系";
        no_routes: "No app has a route yet. Open an app and add one.", "尚无应用配置路由。请打开应用添加路由。";
        step_lines: "2. The lines for your gateway", "2. 网关配置";
        lines_lead: "They are for this server. Your gateway must already know who the person is, and name them in the header `{0}`.", "以下配置适用于本服务器。网关需已识别用户，并在请求头 `{0}` 中给出。";
        trusted: "This server believes that header from `{0}`. Another gateway must be named in the setting `trusted_proxies`.", "本服务器信任来自以下网络的该请求头：`{0}`。其他网关需加入 `trusted_proxies` 设置。";
        secret_needed: "This server also asks gateways for a secret. Put it in place of `GATEWAY_SECRET`.", "本服务器还要求网关提供密钥，请用它替换 `GATEWAY_SECRET`。";
        step_check: "3. The last visits", "3. 最近的访问";
        nothing_yet: "No gateway has asked since this server started. Open your app in a browser, then load this page again.", "服务器启动以来尚无网关询问。请在浏览器中打开应用，然后重新加载本页。";
        last_caption: "The last visits that a gateway asked about, newest first", "网关最近询问的访问（最新在前）";
        when: "When", "时间";
        host: "Host", "主机";
        path: "Path", "路径";
        app: "App", "应用";
        person: "Person", "人员";
        verdict: "Verdict", "结果";
        admitted: "Admitted", "放行";
        refused: "Refused", "拒绝";
        reload: "Load again", "重新加载";
    }
}
